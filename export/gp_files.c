/* gp_files.c -- rows of a table from Greenplum's segments into files elsewhere. */
#include "prelude.h"

#include "db_copy.h"
#include "db_wait.h"
#include "err.h"
#include "gp_files.h"
#include "gp_table.h"
#include "gpfdist_address.h"
#include "opt.h"
#include "piece.h"
#include "receive.h"
#include "receive_url.h"
#include "receivers.h"

#define SEGMENT_FOLDER "<SEG_DATA_DIR>" /* the server puts the segment's data folder in its place */
#define SEGMENT_NUMBER "<SEGID>"

static int
need_superuser(struct db *db, struct err *e)
{
	char *super = db_value(db, "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user", 0, NULL, e);
	bool is = super != NULL && strcmp(super, "t") == 0;

	if (super == NULL)
		return -1;
	free(super);
	if (is)
		return 0;
	err_set(e, ERR_CREDENTIALS, "--method on-segment needs a superuser: only they may COPY into files");
	return err_hint(e, "--method gpfdist needs CREATEEXTTABLE alone");
}

int
gp_files_open_segments(const struct opts *opts, struct db *db, struct gp_files *out, struct err *e)
{
	size_t n = opt_list_len(opts, OPT_ID_segment_dir);

	memset(out, 0, sizeof(*out));
	out->folder = n > 0 ? opt_list_at(opts, OPT_ID_segment_dir, 0) : SEGMENT_FOLDER;
	if (n > 1)
		return err_set(e, ERR_USAGE, "gpm-export takes one --segment-dir, which every segment host has");
	if (out->folder[0] != '/' && strncmp(out->folder, SEGMENT_FOLDER, strlen(SEGMENT_FOLDER)) != 0)
		return err_set(e, ERR_USAGE, "--segment-dir is an absolute path, or begins with " SEGMENT_FOLDER);
	if (need_superuser(db, e) < 0)
		return -1;
	return hosts_of_segments(opts, db, &out->hosts, e);
}

static void
keep_urls(const struct opts *opts, enum opt_id option, struct gp_files *f)
{
	size_t n = opt_list_len(opts, option);

	f->owned = mem_array(n, sizeof(char *));
	for (size_t i = 0; i < n; i++)
		f->owned[i] = mem_str(opt_list_at(opts, option, i));
	f->urls = (const char *const *)f->owned;
}

int
gp_files_open_urls(const struct opts *opts, struct db *db, struct gp_files *out, struct err *e)
{
	memset(out, 0, sizeof(*out));
	if (hosts_of_urls(opts, db, &out->hosts, e) < 0)
		return -1;
	keep_urls(opts, OPT_ID_gpfdist_url, out);
	return 0;
}

int
gp_files_open_receivers(const struct opts *opts, struct db *db, unsigned jobs, struct gp_files *out, struct err *e)
{
	uint64_t segments, bodies = opt_u64(opts, OPT_ID_memory) / 2; /* receive takes as much for connections */

	memset(out, 0, sizeof(*out));
	if (opt_list_len(opts, OPT_ID_listen) > 0) {
		err_set(e, ERR_USAGE, "--listen and --receiver exclude one another");
		return err_hint(e, "run gpm-export receive on this host, too, and name it by --receiver");
	}
	if (gpfdist_count_segments(db, &segments, e) < 0 || hosts_of_receivers(opts, db, &out->hosts, e) < 0)
		return -1;
	keep_urls(opts, OPT_ID_receiver, out);
	out->tls = opt_string(opts, OPT_ID_tls_certificate) != NULL;
	out->buffer_kb = receivers_buffer(bodies * out->hosts.pieces.len, segments, jobs);
	if (receive_key_load(opts, &out->key, e) == 0)
		return 0;
	gp_files_close(out);
	return -1;
}

void
gp_files_close(struct gp_files *f)
{
	for (size_t i = 0; f->owned != NULL && i < f->hosts.pieces.len; i++)
		free(f->owned[i]);
	free(f->owned);
	secret_free(f->key);
	hosts_release(&f->hosts);
	memset(f, 0, sizeof(*f));
}

bool
gp_files_take(const struct gp_files *f, const struct rec_table *t)
{
	/* an external table has its rows once; COPY ON SEGMENT writes all of them on every segment */
	return f->urls != NULL || t->distribution == NULL || strcmp(t->distribution, "DISTRIBUTED REPLICATED") != 0;
}

/* COPY t (a, b) TO '<dir>/gpm-…-<SEGID>.csv' … ON SEGMENT */
static int
copy_on_segments(const struct gp_files *f, const char *run, struct db *db, const struct table *t, uint64_t *rows,
    struct err *e)
{
	char *name = piece_file(run, t->label, t->attempts, SEGMENT_NUMBER), *path = mem_printf("%s/%s", f->folder, name);
	struct buf sql;
	int rc = -1;

	text_init(&sql);
	text_puts(&sql, "COPY ");
	if (db_add_name(db, &sql, t->rec.schema, t->rec.name, e) == 0 && db_copy_columns(db, &t->rec, &sql, e) == 0) {
		text_puts(&sql, " TO ");
		rc = db_add_literal(db, &sql, path, e);
	}
	text_printf(&sql, DB_COPY_DIALECT " ENCODING '%s' ON SEGMENT", t->rec.encoding);
	if (rc == 0)
		rc = db_run(db, text_str(&sql), rows, e);
	buf_release(&sql);
	free(path);
	free(name);
	return rc;
}

/* Where piece I goes, into a file called NAME; NULL on error. */
static char *
piece_url(const struct gp_files *f, size_t i, const char *name, struct err *e)
{
	size_t len = strlen(f->urls[i]);

	if (f->key != NULL)
		return receive_url(f->key, f->tls, f->urls[i], name, e);
	while (len > 0 && f->urls[i][len - 1] == '/')
		len--;
	return mem_printf("%.*s/%s", (int)len, f->urls[i], name);
}

static void
free_urls(char **urls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(urls[i]);
	free(urls);
}

/* A gpfdist's error, in more words; a receiver's is of this table alone. */
static void
explain(const struct gp_files *f, struct db *db, struct err *e)
{
	bool refused = strstr(e->text, "http response code 500") != NULL;

	if (f->key == NULL) {
		if (refused)
			err_context(e, "a gpfdist refuses rows that are longer than its -m, among others");
		return;
	}
	if (refused)
		err_context(e, "a receiver has no room, or cannot write; its own messages say why");
	if (strncmp(db_sqlstate(db), "08", 2) == 0 && PQstatus(db_conn(db)) == CONNECTION_OK)
		e->code = ERR_DATABASE;
}

/* Each gpfdist gets a file of its own name, which nobody has written to yet: a gpfdist only ever appends. */
static int
insert_into_urls(const struct gp_files *f, const char *run, struct db *db, const struct table *t, uint64_t *rows,
    struct err *e)
{
	size_t n = f->hosts.pieces.len;
	char **urls = mem_array(n, sizeof(char *));
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		char *piece = mem_printf("%zu", i), *name = piece_file(run, t->label, t->attempts, piece);

		rc = (urls[i] = piece_url(f, i, name, e)) == NULL ? -1 : 0;
		free(name);
		free(piece);
	}
	if (rc == 0 && f->key != NULL)
		rc = receivers_pin(db, RECEIVE_RETRY_S, f->buffer_kb, e);
	if (rc == 0)
		rc = gp_table_create(db, &t->rec, (const char *const *)urls, n, e);
	if (rc == 0 && (rc = gp_table_insert(db, &t->rec, rows, e)) < 0)
		explain(f, db, e);
	free_urls(urls, n);
	return rc;
}

int
gp_files_reach(const struct gp_files *f, struct db *db, struct err *e)
{
	size_t n = f->hosts.pieces.len;
	char **urls = mem_array(n, sizeof(char *)), random[GPFDIST_TOKEN_LEN];
	int rc = gpfdist_token_make(random, e);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		char *name = mem_printf(RECEIVE_REACH "%s-%zu", random, i);

		rc = (urls[i] = piece_url(f, i, name, e)) == NULL ? -1 : 0;
		free(name);
	}
	if (rc == 0)
		rc = gp_table_reach(db, (const char *const *)urls, n, e);
	free_urls(urls, n);
	return rc;
}

int
gp_files_rows(const struct gp_files *f, const char *run, struct db *db, const struct table *t, struct rec_done *done,
    struct err *e)
{
	uint64_t rows = 0;

	memset(done, 0, sizeof(*done));
	if ((f->urls != NULL ? insert_into_urls : copy_on_segments)(f, run, db, t, &rows, e) < 0)
		return -1;
	done->rows = rows;
	for (size_t i = 0; i < f->hosts.pieces.len; i++)
		numbers_add(&done->pieces, f->hosts.pieces.at[i]);
	return 0;
}
