/* business.c -- business checks: their file, their queries, their results. */
#include "prelude.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "atomic.h"
#include "business.h"
#include "db_wait.h"
#include "err.h"
#include "parse.h"
#include "stop.h"

#define FILE_LIMIT ((size_t)16 << 20)
#define FORMAT "gpm-checks"

/* --- the file of queries --------------------------------------------------------------------- */

struct line {
	const char *at;
	size_t len;
	uint64_t number;
};

static void
trim(struct line *l)
{
	while (l->len > 0 && strchr(" \t\r", l->at[0]) != NULL) {
		l->at++;
		l->len--;
	}
	while (l->len > 0 && strchr(" \t\r", l->at[l->len - 1]) != NULL)
		l->len--;
}

/* What stands behind "-- KEY:", its blanks taken off; NULL: the line is no such one.  The caller frees. */
static char *
value_of(struct line l, const char *key)
{
	size_t len = strlen(key);

	trim(&l);
	if (l.len < 2 || memcmp(l.at, "--", 2) != 0)
		return NULL;
	l.at += 2;
	l.len -= 2;
	trim(&l);
	if (l.len < len || memcmp(l.at, key, len) != 0)
		return NULL;
	l.at += len;
	l.len -= len;
	trim(&l);
	return mem_strn(l.at, l.len);
}

/* "0.01", "5", "1%" */
static bool
is_tolerance(const char *text)
{
	size_t digits = strspn(text, "0123456789"), more = 0;

	text += digits;
	if (*text == '.') {
		more = strspn(text + 1, "0123456789");
		text += 1 + more;
	}
	return digits + more > 0 && digits + more < 100 && (*text == '\0' || strcmp(text, "%") == 0);
}

static struct business_query *
last_of(struct business *b)
{
	return b->len > 0 ? &b->at[b->len - 1] : NULL;
}

/* The query that ends here: without its last semicolon. */
static int
close_query(struct business *b, struct buf *sql, struct err *e)
{
	struct business_query *q = last_of(b);
	struct line text = { .at = sql->data, .len = sql->len };

	if (q == NULL)
		return 0;
	while (text.len > 0 && strchr(" \t\r\n;", text.at[text.len - 1]) != NULL)
		text.len--;
	if (text.len == 0)
		return err_set(e, ERR_USAGE, "check '%s' has no query", q->name);
	q->sql = mem_strn(text.at, text.len);
	buf_reset(sql);
	return 0;
}

/* NAME is taken. */
static int
begin_query(struct business *b, char *name, uint64_t line, struct err *e)
{
	if (name[0] == '\0' || business_find(b, name) != NULL) {
		err_set(e, ERR_USAGE, name[0] == '\0' ? "line %" PRIu64 ": a check has no name%s" : "line %" PRIu64 ": there is another check '%s'",
		    line, name);
		free(name);
		return -1;
	}
	b->at = mem_grow(b->at, (b->len + 1) * sizeof(*b->at));
	b->at[b->len++] = (struct business_query){ .name = name };
	return 0;
}

static int
take_tolerance(struct business *b, char *tolerance, uint64_t line, struct err *e)
{
	struct business_query *q = last_of(b);

	if (q == NULL || q->tolerance != NULL || !is_tolerance(tolerance)) {
		err_set(e, ERR_USAGE, "line %" PRIu64 ": tolerance '%s': it is a number or a percentage, once, behind a name", line, tolerance);
		free(tolerance);
		return -1;
	}
	q->tolerance = tolerance;
	return 0;
}

static int
take_line(struct business *b, struct line l, struct buf *sql, struct err *e)
{
	char *value;

	if ((value = value_of(l, "name:")) != NULL) {
		if (close_query(b, sql, e) == 0)
			return begin_query(b, value, l.number, e);
		free(value);
		return -1;
	}
	if ((value = value_of(l, "tolerance:")) != NULL)
		return take_tolerance(b, value, l.number, e);
	if (b->len == 0) {
		trim(&l);
		return l.len == 0 || (l.len >= 2 && memcmp(l.at, "--", 2) == 0) ? 0 :
		    err_set(e, ERR_USAGE, "line %" PRIu64 ": SQL before the first '-- name:'", l.number);
	}
	text_printf(sql, "%.*s\n", (int)l.len, l.at);
	return 0;
}

int
business_parse(const char *text, size_t len, struct business *out, struct err *e)
{
	struct line l = { .at = text };
	const char *end = text + len;
	struct buf sql;
	int rc = 0;

	*out = (struct business){ .len = 0 };
	if (memchr(text, '\0', len) != NULL)
		return err_set(e, ERR_USAGE, "it is no text");
	text_init(&sql);
	while (rc == 0 && l.at < end) {
		const char *newline = memchr(l.at, '\n', (size_t)(end - l.at));

		l.len = (size_t)((newline != NULL ? newline : end) - l.at);
		l.number++;
		rc = take_line(out, l, &sql, e);
		l.at += l.len + 1;
	}
	if (rc == 0)
		rc = close_query(out, &sql, e);
	if (rc == 0 && out->len == 0)
		rc = err_set(e, ERR_USAGE, "there is no check in it: each begins with a line '-- name: …'");
	buf_release(&sql);
	if (rc < 0)
		business_release(out);
	return rc;
}

static int
read_file(const char *path, struct buf *out, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char piece[65536];
	ssize_t n = -1;

	if (fd < 0)
		return file_err_sys(e, "open", path);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		if (buf_add(out, piece, (size_t)n, e) < 0)
			break;
	close(fd);
	if (n > 0)
		return err_context(e, "'%s'", path);
	return n < 0 ? file_err_sys(e, "read", path) : 0;
}

int
business_read(const char *path, struct business *out, struct err *e)
{
	struct buf text;
	int rc;

	buf_init(&text, FILE_LIMIT);
	rc = read_file(path, &text, e);
	if (rc == 0 && (rc = business_parse(text.len > 0 ? text.data : "", text.len, out, e)) < 0)
		err_context(e, "'%s'", path);
	buf_release(&text);
	return rc;
}

void
business_release(struct business *b)
{
	for (size_t i = 0; i < b->len; i++) {
		free(b->at[i].name);
		free(b->at[i].tolerance);
		free(b->at[i].sql);
		json_decref(b->at[i].columns);
		json_decref(b->at[i].rows);
	}
	free(b->at);
	*b = (struct business){ .len = 0 };
}

const struct business_query *
business_find(const struct business *b, const char *name)
{
	for (size_t i = 0; i < b->len; i++)
		if (strcmp(b->at[i].name, name) == 0)
			return &b->at[i];
	return NULL;
}

/* --- queries --------------------------------------------------------------------------------- */

/* The rows of a result as they come. */
struct answer {
	PGresult *rows;          /* so far */
	PGresult *last;          /* what is no row: the end, or what is wrong */
	uint64_t bytes;
	bool too_many, too_large;
};

/* The one row of RES to the others. */
static int
keep_row(struct answer *a, const PGresult *res, struct err *e)
{
	int row, good = 1;

	if (a->rows == NULL && (a->rows = PQcopyResult(res, PG_COPYRES_ATTRS)) == NULL)
		return err_set(e, ERR_SYSTEM, "out of memory");
	row = PQntuples(a->rows);
	for (int i = 0; good && i < PQnfields(res); i++) {
		int len = PQgetisnull(res, 0, i) ? -1 : PQgetlength(res, 0, i);

		good = PQsetvalue(a->rows, row, i, PQgetvalue(res, 0, i), len);
		a->bytes += len > 0 ? (uint64_t)len : 0;
	}
	a->too_many = PQntuples(a->rows) > BUSINESS_ROWS;
	a->too_large = a->bytes > BUSINESS_BYTES;
	return good ? 0 : err_set(e, ERR_SYSTEM, "out of memory");
}

static bool
is_copy(const PGresult *res)
{
	ExecStatusType status = PQresultStatus(res);

	return status == PGRES_COPY_OUT || status == PGRES_COPY_IN || status == PGRES_COPY_BOTH;
}

/* Everything up to the end of the statement, but no more rows than there may be. */
static int
read_answer(struct db *db, struct answer *a, struct err *e)
{
	bool cancelled = false;
	PGresult *res;
	int rc = 0;

	while ((res = db_result(db)) != NULL) {
		if (PQresultStatus(res) == PGRES_SINGLE_TUPLE && !cancelled) {
			rc = keep_row(a, res, e);
			if ((cancelled = rc < 0 || a->too_many || a->too_large))
				db_cancel(db);
		}
		if (PQresultStatus(res) == PGRES_SINGLE_TUPLE || a->last != NULL)
			PQclear(res);
		else
			a->last = res;
		if (is_copy(a->last))
			break;
	}
	return rc;
}

/* What A is, if it is no result to compare. */
static int
judge_answer(struct db *db, const struct business_query *q, struct answer *a, struct err *e)
{
	ExecStatusType status = PQresultStatus(a->last);
	char limit[FORMAT_SIZE_LEN];
	PGresult *last = a->last;

	if (a->too_many)
		return err_set(e, ERR_DATABASE, "check '%s' gives more than %d rows", q->name, BUSINESS_ROWS);
	if (a->too_large)
		return err_set(e, ERR_DATABASE, "check '%s' gives more than %s", q->name, format_size(BUSINESS_BYTES, limit));
	if (is_copy(a->last))
		return err_set(e, ERR_FAILED, "check '%s': COPY gives no rows to compare", q->name);
	if (status == PGRES_COMMAND_OK)
		return err_set(e, ERR_DATABASE, "check '%s' gives no rows", q->name);
	if (status == PGRES_TUPLES_OK)
		return 0;
	if (PQstatus(db_conn(db)) == CONNECTION_OK && stop_check(e) < 0)
		return -1; /* it was cancelled */
	a->last = NULL;
	return db_fail(db, last, e, "check '%s'", q->name);
}

int
business_run(struct db *db, const struct business_query *q, PGresult **out, struct err *e)
{
	struct answer a = { 0 };
	int rc = 0;

	if (PQsendQueryParams(db_conn(db), q->sql, 0, NULL, NULL, NULL, NULL, 0) == 1 && PQsetSingleRowMode(db_conn(db)) == 1)
		rc = read_answer(db, &a, e);
	if (rc == 0)
		rc = judge_answer(db, q, &a, e);
	if (rc == 0 && a.rows == NULL) {
		a.rows = a.last; /* no row; what its columns are */
		a.last = NULL;
	}
	PQclear(a.last);
	if (rc == 0)
		*out = a.rows;
	else
		PQclear(a.rows);
	return rc;
}

/* A text of the server into LIST. */
static int
add_text(json_t *list, const char *text, const struct business_query *q, struct err *e)
{
	json_t *value = text != NULL ? json_string(text) : json_null();

	if (value != NULL)
		return json_array_append_new(list, value) == 0 ? 0 : err_set(e, ERR_SYSTEM, "out of memory");
	return err_set(e, ERR_DATABASE, "check '%s' gives text that is no UTF-8", q->name);
}

static int
add_row(json_t *rows, const PGresult *res, int row, const struct business_query *q, struct err *e)
{
	json_t *cells = json_array();
	int rc = 0;

	for (int i = 0; rc == 0 && i < PQnfields(res); i++)
		rc = add_text(cells, PQgetisnull(res, row, i) ? NULL : PQgetvalue(res, row, i), q, e);
	json_array_append_new(rows, cells);
	return rc;
}

int
business_take(struct business_query *q, const PGresult *res, struct err *e)
{
	int rc = 0;

	q->columns = json_array();
	q->rows = json_array();
	for (int i = 0; rc == 0 && i < PQnfields(res); i++)
		rc = add_text(q->columns, PQfname(res, i), q, e);
	for (int i = 0; rc == 0 && i < PQntuples(res); i++)
		rc = add_row(q->rows, res, i, q, e);
	return rc;
}

/* --- as a run keeps them --------------------------------------------------------------------- */

static json_t *
query_json(const struct business_query *q)
{
	json_t *one = json_pack("{s:s}", "name", q->name);

	if (q->tolerance != NULL)
		json_object_set_new(one, "tolerance", json_string(q->tolerance));
	json_object_set_new(one, "sql", json_string(q->sql));
	json_object_set(one, "columns", q->columns);
	json_object_set(one, "rows", q->rows);
	return one;
}

static int
append(const char *data, size_t len, void *ctx)
{
	struct err ignored;

	return buf_add(ctx, data, len, &ignored);
}

int
business_write(const struct business *b, struct buf *out, struct err *e)
{
	json_t *list = json_array(), *all;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->len; i++) {
		json_t *one = query_json(&b->at[i]);

		if (json_object_get(one, "name") == NULL || json_object_get(one, "sql") == NULL)
			rc = err_set(e, ERR_USAGE, "check %zu: its text is no UTF-8", i + 1);
		json_array_append_new(list, one);
	}
	all = json_pack("{s:s, s:i, s:o}", "format", FORMAT, "version", 1, "checks", list);
	if (rc == 0 && json_dump_callback(all, append, out, JSON_INDENT(1)) < 0)
		rc = err_set(e, ERR_FAILED, "the results of the checks take more than %zu MB", out->limit >> 20);
	if (rc == 0)
		rc = buf_add(out, "\n", 1, e);
	json_decref(all);
	return rc;
}

/* Lists of WIDTH texts or nulls. */
static bool
are_rows(const json_t *rows, size_t width)
{
	const json_t *row, *cell;
	size_t i, k;

	json_array_foreach(rows, i, row) {
		if (!json_is_array(row) || json_array_size(row) != width)
			return false;
		json_array_foreach(row, k, cell)
			if (!json_is_string(cell) && !json_is_null(cell))
				return false;
	}
	return json_is_array(rows) && json_array_size(rows) <= BUSINESS_ROWS;
}

static bool
are_texts(const json_t *list)
{
	const json_t *text;
	size_t i;

	json_array_foreach(list, i, text)
		if (!json_is_string(text))
			return false;
	return json_is_array(list);
}

static int
load_query(struct business *b, json_t *one, struct err *e)
{
	const char *name, *sql, *tolerance = NULL;
	struct business_query *q;
	json_error_t where;
	json_t *columns, *rows;

	if (json_unpack_ex(one, &where, JSON_STRICT, "{s:s, s:s, s:o, s:o, s?s}", "name", &name, "sql", &sql, "columns", &columns, "rows", &rows,
	    "tolerance", &tolerance) < 0)
		return err_set(e, ERR_DIFFERS, "check %zu: %s", b->len + 1, where.text);
	if (name[0] == '\0' || business_find(b, name) != NULL || (tolerance != NULL && !is_tolerance(tolerance)) || !are_texts(columns) ||
	    !are_rows(rows, json_array_size(columns)))
		return err_set(e, ERR_DIFFERS, "check %zu is none", b->len + 1);
	b->at = mem_grow(b->at, (b->len + 1) * sizeof(*b->at));
	q = &b->at[b->len++];
	*q = (struct business_query){ .name = mem_str(name), .sql = mem_str(sql), .columns = json_incref(columns), .rows = json_incref(rows) };
	q->tolerance = tolerance != NULL ? mem_str(tolerance) : NULL;
	return 0;
}

int
business_load(const char *text, size_t len, struct business *out, struct err *e)
{
	json_error_t where;
	json_t *all = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where), *list, *one;
	const char *format;
	json_int_t version;
	size_t i;
	int rc = 0;

	*out = (struct business){ .len = 0 };
	if (all == NULL)
		return err_set(e, ERR_DIFFERS, "it is no JSON: line %d: %s", where.line, where.text);
	if (json_unpack_ex(all, &where, JSON_STRICT, "{s:s, s:I, s:o}", "format", &format, "version", &version, "checks", &list) < 0)
		rc = err_set(e, ERR_DIFFERS, "%s", where.text);
	else if (strcmp(format, FORMAT) != 0 || version != 1 || !json_is_array(list))
		rc = err_set(e, ERR_DIFFERS, "it is no " FORMAT " of version 1");
	else
		json_array_foreach(list, i, one)
			if (rc == 0)
				rc = load_query(out, one, e);
	json_decref(all);
	if (rc < 0)
		business_release(out);
	return rc;
}
