/* journal.c -- records of work under way: append-only, a line a record, durable. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "atomic.h"
#include "err.h"
#include "journal.h"
#include "log.h"
#include "parse.h"

struct journal {
	char *path;
	int fd;
	pthread_mutex_t mutex;  /* over what follows */
	pthread_cond_t synced;  /* DURABLE or SYNCING changed */
	uint64_t size;          /* where the next line goes */
	uint64_t durable;       /* so much of the file is on disk */
	bool syncing;           /* a thread is in fdatasync, without the mutex */
	bool broken;            /* a write failed: the file's end is unknown */
};

/* ,"check":"0123456789abcdef"} */
#define CHECK_KEY ",\"check\":\""
#define CHECK_KEY_LEN (sizeof(CHECK_KEY) - 1)
#define CHECK_LEN (CHECK_KEY_LEN + 16 + 2)

static void
check_hex(const char *line, size_t len, char out[17])
{
	snprintf(out, 17, "%016llx", (unsigned long long)XXH3_64bits(line, len));
}

/* Split a line into the JSON object before its check; false when the check is not good. */
static bool
line_is_good(const char *line, size_t len)
{
	char want[17];

	if (len < CHECK_LEN + 1 || memcmp(line + len - 2, "\"}", 2) != 0 ||
	    memcmp(line + len - CHECK_LEN, CHECK_KEY, CHECK_KEY_LEN) != 0)
		return false;
	check_hex(line, len - CHECK_LEN, want);
	return memcmp(line + len - 18, want, 16) == 0;
}

/* The record of a good line. */
static int
parse_line(const char *line, size_t len, struct record *out, struct err *e)
{
	size_t body = len - CHECK_LEN;
	char *copy = mem_alloc(body + 2);
	int rc;

	memcpy(copy, line, body);
	copy[body] = '}';
	rc = record_read(copy, body + 1, out, e);
	free(copy);
	return rc;
}

static int
check_head(const struct record *r, const char *format, const char *run, struct err *e)
{
	if (r->type != REC_HEAD)
		return err_set(e, ERR_DIFFERS, "the first line is no head");
	if (strcmp(r->u.head.format, format) != 0)
		return err_set(e, ERR_DIFFERS, "is a '%.40s', not a '%s'", r->u.head.format, format);
	if (r->u.head.version != RECORD_VERSION)
		return err_set(e, ERR_FAILED, "has version %llu; this program reads version %d",
		    (unsigned long long)r->u.head.version, RECORD_VERSION);
	if (strcmp(r->u.head.run, run) != 0)
		return err_set(e, ERR_DIFFERS, "belongs to run %.40s", r->u.head.run);
	return 0;
}

struct reader {
	const char *format;
	const char *run;
	journal_fn *fn;
	void *ctx;
	uint64_t offset;   /* behind the last line that was handed on */
	bool bad;          /* a line without a good check was met */
	const char *but;   /* lines that begin so are not handed on; NULL: all are */
};

static int
take_line(struct reader *r, const char *line, size_t len, struct err *e)
{
	struct journal_place place = { r->offset, (uint32_t)len };
	struct record record;
	int rc;

	if (!line_is_good(line, len)) {
		r->bad = true;
		return 0;
	}
	if (r->bad) {
		err_set(e, ERR_DIFFERS, "is damaged: the line at byte %llu cannot be read, but later ones can",
		    (unsigned long long)r->offset);
		return err_hint(e, "the disk may be failing, or the power failed; gpm-export --new-run starts anew");
	}
	if (r->but != NULL && strncmp(line, r->but, strlen(r->but)) == 0) {
		r->offset += len + 1;
		return 0;
	}
	if (parse_line(line, len, &record, e) < 0)
		return err_context(e, "line at byte %llu", (unsigned long long)r->offset);
	rc = r->offset == 0 ? check_head(&record, r->format, r->run, e)
	    : r->fn(r->ctx, &record, place, e);
	record_release(&record);
	if (rc < 0)
		return -1;
	r->offset += len + 1;
	return 0;
}

/* Hand every good line from r->offset on to take_line; stops at the file's end. */
static int
read_lines(FILE *f, struct reader *r, struct err *e)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc = 0;

	if (fseeko(f, (off_t)r->offset, SEEK_SET) != 0)
		return err_sys(e, "cannot seek");
	errno = 0;
	while (rc == 0 && (n = getline(&line, &cap, f)) > 0) {
		/* an unfinished last line is as bad as one with a wrong check */
		if (line[n - 1] == '\n')
			rc = take_line(r, line, (size_t)n - 1, e);
		else
			r->bad = true;
		errno = 0;
	}
	if (rc == 0 && ferror(f))
		rc = err_sys(e, "cannot read");
	free(line);
	return rc;
}

static int
read_fd(int fd, struct reader *r, struct err *e)
{
	int own = dup(fd);
	FILE *f = own < 0 ? NULL : fdopen(own, "r");
	int rc;

	if (f == NULL) {
		if (own >= 0)
			close(own);
		return err_sys(e, "cannot open for reading");
	}
	rc = read_lines(f, r, e);
	fclose(f);
	return rc;
}

/* Append one line; the caller holds the mutex. */
static int
append_line(struct journal *j, enum record_type type, const void *rec, struct journal_place *place,
    struct err *e)
{
	struct buf b;
	char check[17];
	int rc = -1;

	buf_init(&b, RECORD_LINE_LIMIT);
	if (j->broken) {
		err_set(e, ERR_FAILED, "an earlier write to '%s' failed", j->path);
		goto done;
	}
	if (record_write(type, rec, &b, e) < 0)
		goto done;
	b.len--; /* the closing brace comes after the check */
	check_hex(b.data, b.len, check);
	if (buf_printf(&b, e, CHECK_KEY "%s\"}\n", check) < 0)
		goto done;
	if (file_write_all(j->fd, b.data, b.len, j->path, e) < 0) {
		j->broken = true;
		goto done;
	}
	if (place != NULL) {
		place->offset = j->size;
		place->len = (uint32_t)(b.len - 1);
	}
	j->size += b.len;
	rc = 0;
done:
	buf_release(&b);
	return rc;
}

/* Bring everything that is written so far to disk.  The caller holds the mutex, which is let go meanwhile. */
static int
sync_now(struct journal *j, struct err *e)
{
	uint64_t written = j->size;
	int rc;

	j->syncing = true;
	pthread_mutex_unlock(&j->mutex);
	if ((rc = file_sync_fd(j->fd)) < 0)
		err_sys(e, "cannot make '%s' durable", j->path);
	pthread_mutex_lock(&j->mutex);
	j->syncing = false;
	if (rc < 0)
		j->broken = true;
	else
		j->durable = written;
	pthread_cond_broadcast(&j->synced);
	return rc;
}

/* Until all lines before END are on disk: who comes while another syncs waits for him, and the next sync is
 * for all who wait then.  The caller holds the mutex. */
static int
make_durable(struct journal *j, uint64_t end, struct err *e)
{
	while (j->durable < end) {
		if (j->syncing)
			pthread_cond_wait(&j->synced, &j->mutex);
		else if (j->broken)
			return err_set(e, ERR_FAILED, "'%s' could not be made durable", j->path);
		else if (sync_now(j, e) < 0)
			return -1;
	}
	return 0;
}

int
journal_append(struct journal *j, enum record_type type, const void *rec,
    struct journal_place *place, struct err *e)
{
	int rc;

	pthread_mutex_lock(&j->mutex);
	rc = append_line(j, type, rec, place, e);
	if (rc == 0)
		rc = make_durable(j, j->size, e);
	pthread_mutex_unlock(&j->mutex);
	return rc;
}

int
journal_note_at(struct journal *j, enum record_type type, const void *rec, struct journal_place *place, struct err *e)
{
	int rc;

	pthread_mutex_lock(&j->mutex);
	rc = append_line(j, type, rec, place, e);
	pthread_mutex_unlock(&j->mutex);
	return rc;
}

int
journal_note(struct journal *j, enum record_type type, const void *rec, struct err *e)
{
	return journal_note_at(j, type, rec, NULL, e);
}

/* A new journal gets its head; an old one loses what a dead process left half written. */
static int
settle_end(struct journal *j, const struct reader *r, struct err *e)
{
	struct rec_head head = {
		.format = mem_str(r->format), .version = RECORD_VERSION, .run = mem_str(r->run),
		.gpm = mem_str(PACKAGE_VERSION),
	};
	int rc = 0;

	if (r->bad) {
		log_debug("'%s': cutting off a half-written line at byte %llu", j->path,
		    (unsigned long long)r->offset);
		if (ftruncate(j->fd, (off_t)r->offset) != 0)
			rc = err_sys(e, "cannot cut '%s'", j->path);
	}
	j->size = j->durable = r->offset; /* an append syncs what an earlier process left unsynced */
	if (rc == 0 && j->size == 0)
		rc = journal_append(j, REC_HEAD, &head, NULL, e);
	record_free_fields(REC_HEAD, &head);
	return rc;
}

int
journal_open(const char *path, const char *format, const char *run, journal_fn *fn, void *ctx,
    struct journal **out, struct err *e)
{
	struct journal *j = mem_alloc(sizeof(*j));
	struct reader r = { .format = format, .run = run, .fn = fn, .ctx = ctx };
	char *slash, *dir;

	j->path = mem_str(path);
	pthread_mutex_init(&j->mutex, NULL);
	pthread_cond_init(&j->synced, NULL);
	j->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (j->fd < 0) {
		err_sys(e, "cannot open '%s'", path);
		goto err0;
	}
	if (read_fd(j->fd, &r, e) < 0) {
		err_context(e, "'%s'", path);
		goto err0;
	}
	if (settle_end(j, &r, e) < 0)
		goto err0;
	dir = mem_str(path);
	if ((slash = strrchr(dir, '/')) != NULL)
		*slash = '\0';
	if (file_sync_dir(slash != NULL ? dir : ".", e) < 0) {
		free(dir);
		goto err0;
	}
	free(dir);
	*out = j;
	return 0;

err0:
	journal_close(j);
	return -1;
}

int
journal_attach(const char *path, struct journal **out, struct err *e)
{
	struct journal *j = mem_alloc(sizeof(*j));

	j->path = mem_str(path);
	j->broken = true; /* nothing can be appended by this handle */
	pthread_mutex_init(&j->mutex, NULL);
	pthread_cond_init(&j->synced, NULL);
	if ((j->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0) {
		err_sys(e, "cannot open '%s'", path);
		journal_close(j);
		return -1;
	}
	*out = j;
	return 0;
}

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	if (j->fd >= 0)
		close(j->fd);
	pthread_cond_destroy(&j->synced);
	pthread_mutex_destroy(&j->mutex);
	free(j->path);
	free(j);
}

/* 1 read, 0 when there is no such file. */
static int
read_path(const char *path, struct reader *r, struct err *e)
{
	FILE *f = fopen(path, "re");
	int rc;

	if (f == NULL)
		return errno == ENOENT ? 0 : err_sys(e, "cannot open '%s'", path);
	rc = read_lines(f, r, e);
	fclose(f);
	return rc < 0 ? err_context(e, "'%s'", path) : 1;
}

int
journal_read(const char *path, const char *format, const char *run, uint64_t *offset,
    journal_fn *fn, void *ctx, struct err *e)
{
	struct reader r = { .format = format, .run = run, .fn = fn, .ctx = ctx, .offset = *offset };
	int rc = read_path(path, &r, e);

	if (rc > 0)
		*offset = r.offset;
	return rc;
}

int
journal_read_but(const char *path, const char *format, const char *run, enum record_type type, journal_fn *fn, void *ctx,
    struct err *e)
{
	char *but = record_begins(type);
	struct reader r = { .format = format, .run = run, .fn = fn, .ctx = ctx, .but = but };
	int rc = read_path(path, &r, e);

	free(but);
	return rc;
}

struct first {
	enum record_type type;
	void *out;
	bool found;
};

static int
see_first(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct first *f = ctx;

	(void)place;
	if (r->type != f->type)
		return err_set(e, ERR_DIFFERS, "it does not begin with a %s line", record_type_name(f->type));
	record_take(r, f->out);
	f->found = true;
	return err_set(e, ERR_STOPPED, "enough was read");
}

int
journal_first(const char *path, const char *format, const char *run, enum record_type type, void *out, struct err *e)
{
	struct first f = { .type = type, .out = out };
	uint64_t offset = 0;
	int rc = journal_read(path, format, run, &offset, see_first, &f, e);

	if (!f.found)
		return rc < 0 ? -1 : 0;
	err_clear(e); /* that it stopped there is no trouble */
	return 1;
}

int
journal_settle(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc;

	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	if ((rc = file_sync_fd(fd)) < 0)
		err_sys(e, "cannot make '%s' durable", path);
	close(fd);
	return rc;
}

int
journal_record_at(struct journal *j, struct journal_place place, struct record *out, struct err *e)
{
	char *line = mem_alloc(place.len + 1);
	int rc = file_read_at(j->fd, line, place.len, place.offset, j->path, e);

	if (rc == 0 && !line_is_good(line, place.len))
		rc = err_set(e, ERR_DIFFERS, "'%s' is damaged at byte %llu", j->path,
		    (unsigned long long)place.offset);
	if (rc == 0)
		rc = parse_line(line, place.len, out, e);
	free(line);
	return rc;
}
