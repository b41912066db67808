/* pieces.c -- files that segments wrote on this host, into the bucket. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "atomic.h"
#include "batching.h"
#include "err.h"
#include "log.h"
#include "part.h"
#include "piece.h"
#include "piece_files.h"
#include "pieces.h"
#include "pool.h"
#include "send.h"

#define READ_SIZE ((size_t)256 << 10)

struct job {
	const struct view_table *table;
	uint64_t number, piece;
	char *path;
	struct rec_chunk *have; /* its chunks that are stored, in order */
	size_t nhave;
};

struct pieces {
	struct push *push;
	struct packed *packed;   /* one a worker */
	struct rec_piece *empty; /* without a file, because there is nothing in them */
	size_t nempty;
	size_t missing;          /* files that are not there */
	pthread_mutex_t mutex;   /* over what follows */
	size_t bad;              /* files that are not what they should be */
};

static void
free_job(void *item)
{
	struct job *job = item;

	for (size_t i = 0; i < job->nhave; i++)
		record_free_fields(REC_CHUNK, &job->have[i]);
	free(job->have);
	free(job->path);
	free(job);
}

/* --- one file -------------------------------------------------------------------------------- */

struct file {
	struct push *push;
	const struct job *job;
	int fd;
	struct stat st;          /* as it was at the start */
	struct batching at;
	struct rec_piece sum;
};

/* How many bytes the chunk at OFFSET has: to the first record end at which there are enough. */
static int
measure_chunk(struct file *f, uint64_t offset, uint64_t *len, struct err *e)
{
	uint64_t chunk_size = f->push->view.header.chunk_size, size = (uint64_t)f->st.st_size;
	struct rows *rows = rows_new(&dialect_csv, NULL, f->job->table->columns.len);
	char *buf = mem_alloc(READ_SIZE);
	int rc = 0;

	while (rc == 0 && offset + rows_bytes(rows) < size && !(rows_bytes(rows) >= chunk_size && rows_at_end(rows))) {
		uint64_t at = offset + rows_bytes(rows);
		size_t n = size - at < READ_SIZE ? (size_t)(size - at) : READ_SIZE, used;

		rc = file_read_at(f->fd, buf, n, at, f->job->path, e);
		if (rc == 0)
			rc = rows_push(rows, buf, n, chunk_size, &used, e);
	}
	if (rc == 0 && !rows_at_end(rows))
		rc = err_set(e, ERR_DIFFERS, "'%s' ends in the middle of a row", f->job->path);
	*len = rows_bytes(rows);
	rows_free(rows);
	free(buf);
	return rc;
}

static int
has_changed(const struct file *f, struct err *e)
{
	err_set(e, ERR_DIFFERS, "'%s' was changed after gpm-export had finished it", f->job->path);
	return err_hint(e, "its rows cannot be trusted any more; gpm-export --new-run takes them out anew");
}

/* A chunk that was stored by an earlier process: the file must hold it still. */
static int
compare_chunk(struct file *f, uint64_t offset, const struct rec_chunk *have, struct err *e)
{
	XXH3_state_t *state = XXH3_createState();
	XXH128_canonical_t hash;
	char *buf = mem_alloc(READ_SIZE);
	uint64_t left = have->plain_bytes;
	int rc = have->batch == f->at.batch && have->seq == f->at.seq && left <= (uint64_t)f->st.st_size - offset ? 0 :
	    has_changed(f, e);

	if (state == NULL || XXH3_128bits_reset(state) != XXH_OK)
		rc = err_set(e, ERR_SYSTEM, "out of memory");
	while (rc == 0 && left > 0) {
		size_t n = left < READ_SIZE ? (size_t)left : READ_SIZE;

		rc = file_read_at(f->fd, buf, n, offset, f->job->path, e);
		if (rc == 0)
			XXH3_128bits_update(state, buf, n);
		offset += n;
		left -= n;
	}
	if (rc == 0) {
		XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(state));
		if (memcmp(hash.digest, have->plain_xxh3, sizeof(have->plain_xxh3)) != 0)
			rc = has_changed(f, e);
	}
	XXH3_freeState(state);
	free(buf);
	return rc;
}

static void
add_up(struct rec_piece *sum, uint64_t rows, uint64_t plain_bytes, struct digest digest)
{
	sum->chunks++;
	sum->rows += rows;
	sum->plain_bytes += plain_bytes;
	sum->digest = digest_add(sum->digest, digest);
}

/* The chunk at OFFSET into its object; *LEN gets its bytes. */
static int
store_chunk(struct file *f, struct packed *packed, uint64_t offset, uint64_t *len, struct err *e)
{
	const struct job *job = f->job;
	uint64_t piece = job->piece;
	struct rec_chunk c = {
		.table = job->number, .attempt = job->table->attempt, .batch = f->at.batch, .seq = f->at.seq,
		.segments = { &piece, job->table->by_url ? 0 : 1 },
	};
	char *key = chunk_key(job->table->label, c.attempt, c.batch, c.seq, compression_suffix(&f->push->how));
	struct crypt_object crypt;
	int rc = measure_chunk(f, offset, len, e);

	if (rc == 0)
		rc = pack_range(f->fd, job->path, offset, *len, &job->table->columns, &f->push->how, send_crypt(f->push, key, &crypt),
		    packed, e);
	free(key);
	if (rc < 0)
		return -1;
	c.rows = packed->rows;
	c.digest = packed->digest;
	c.plain_bytes = packed->plain_bytes;
	memcpy(c.plain_xxh3, packed->plain_xxh3, sizeof(c.plain_xxh3));
	c.key = chunk_key(job->table->label, c.attempt, c.batch, c.seq, "");
	rc = send_packed(f->push, packed, &c, e);
	free(c.key);
	if (rc < 0)
		return -1;
	add_up(&f->sum, c.rows, c.plain_bytes, c.digest);
	progress_add(f->push->progress, c.rows, c.plain_bytes);
	return 0;
}

static int
store_chunks(struct file *f, struct packed *packed, struct err *e)
{
	const struct job *job = f->job;
	uint64_t offset = 0;

	for (size_t i = 0; offset < (uint64_t)f->st.st_size; i++) {
		uint64_t len;

		if (allowance_begin(f->push->allowance, e) < 0 || batching_next(&f->at, &f->push->view.header, e) < 0)
			return -1;
		if (piece_of_batch(f->at.batch) != job->piece)
			return err_set(e, ERR_FAILED, "'%s' has more than %d batches", job->path, PIECE_BATCHES - 1);
		if (i < job->nhave) {
			const struct rec_chunk *have = &job->have[i];

			if (compare_chunk(f, offset, have, e) < 0)
				return -1;
			len = have->plain_bytes;
			add_up(&f->sum, have->rows, len, have->digest);
		} else if (store_chunk(f, packed, offset, &len, e) < 0) {
			return -1;
		}
		batching_closed(&f->at, len);
		offset += len;
	}
	return f->sum.chunks >= job->nhave ? 0 : has_changed(f, e);
}

/* Somebody who wrote into it meanwhile? */
static int
compare_file(const struct file *f, struct err *e)
{
	struct stat now;

	if (fstat(f->fd, &now) != 0)
		return err_sys(e, "cannot look at '%s'", f->job->path);
	return now.st_size == f->st.st_size && now.st_mtim.tv_sec == f->st.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == f->st.st_mtim.tv_nsec ? 0 : has_changed(f, e);
}

static int
store_file(struct push *p, struct packed *packed, const struct job *job, struct err *e)
{
	struct file f = {
		.push = p, .job = job, .fd = open(job->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW),
		.sum = { .table = job->number, .attempt = job->table->attempt, .piece = job->piece },
	};
	int rc = -1;

	if (f.fd < 0) {
		err_sys(e, "cannot open '%s'", job->path);
		return err_hint(e, "run gpm-push as a user who may read and remove the segments' files");
	}
	progress_table(p->progress, NULL, job->table->label);
	batching_init(&f.at, job->piece);
	if (fstat(f.fd, &f.st) != 0)
		err_sys(e, "cannot look at '%s'", job->path);
	else if (!S_ISREG(f.st.st_mode))
		err_set(e, ERR_FAILED, "'%s' is no file", job->path);
	else if (store_chunks(&f, packed, e) == 0)
		rc = compare_file(&f, e);
	close(f.fd);
	f.sum.batches = f.at.batches;
	return rc < 0 ? -1 : stored_add_piece(p->stored, &f.sum, e);
}

static int
worker(void *ctx, unsigned index, void *item, struct err *e)
{
	struct pieces *s = ctx;
	struct job *job = item;
	int rc = store_file(s->push, &s->packed[index], job, e);

	free_job(job);
	if (rc == 0 || e->code != ERR_DIFFERS)
		return rc;
	err_print(e);
	pthread_mutex_lock(&s->mutex);
	s->bad++;
	pthread_mutex_unlock(&s->mutex);
	return 0;
}

/* --- all of them ----------------------------------------------------------------------------- */

/* What is stored of PIECE, by a process before this one. */
static int
add_stored(struct push *p, struct job *job, struct err *e)
{
	const struct stored_list *list = stored_list(p->stored, job->number, job->table->attempt);

	job->have = mem_array(stored_len(list), sizeof(*job->have));
	for (size_t i = 0; i < stored_len(list); i++) {
		if (piece_of_batch(stored_batch(list, i)) != job->piece)
			continue;
		if (stored_read(p->stored, list, i, &job->have[job->nhave], e) < 0)
			return -1;
		job->nhave++;
	}
	return 0;
}

static struct job *
new_job(struct push *p, uint64_t number, uint64_t piece, struct err *e)
{
	struct job *job = mem_alloc(sizeof(*job));

	job->table = run_view_table(&p->view, number);
	job->number = number;
	job->piece = piece;
	if (add_stored(p, job, e) == 0 && piece_files_find(p, job->table, piece, &job->path, e) >= 0)
		return job;
	free_job(job);
	return NULL;
}

/* A piece without a file: a gpfdist makes none for no rows, a segment does. */
static void
note_absent(struct pieces *s, const struct job *job)
{
	const struct view_table *t = job->table;

	if (t->by_url && job->nhave == 0) {
		s->empty = mem_grow(s->empty, (s->nempty + 1) * sizeof(*s->empty));
		s->empty[s->nempty++] = (struct rec_piece){ .table = job->number, .attempt = t->attempt, .piece = job->piece };
		return;
	}
	s->missing++;
	log_error("%s: the file of %s %" PRIu64 " is in no --segment-dir", t->label, t->by_url ? "URL" : "segment", job->piece);
}

struct jobs {
	struct job **at;
	size_t len;
};

/* What is to be done for one table. */
static int
plan_table(struct pieces *s, uint64_t number, struct jobs *jobs, struct err *e)
{
	struct push *p = s->push;
	const struct view_table *t = run_view_table(&p->view, number);

	for (size_t i = 0; t->listed && t->is_done && i < t->pieces.len; i++) {
		struct job *job;
		struct stat st;

		if (!run_view_has(&p->view, p->part, t, t->pieces.at[i]) ||
		    stored_has_piece(p->stored, number, t->attempt, t->pieces.at[i]))
			continue;
		if ((job = new_job(p, number, t->pieces.at[i], e)) == NULL)
			return -1;
		if (job->path == NULL) {
			note_absent(s, job);
			free_job(job);
			continue;
		}
		if (stat(job->path, &st) == 0)
			progress_expect(p->progress, (uint64_t)st.st_size);
		jobs->at = mem_grow(jobs->at, (jobs->len + 1) * sizeof(struct job *));
		jobs->at[jobs->len++] = job;
	}
	return 0;
}

static int
run_jobs(struct pieces *s, struct jobs *jobs, struct err *e)
{
	struct pool *pool = pool_start(s->push->jobs, worker, free_job, s);
	size_t i = 0;
	int rc = 0;

	while (rc == 0 && i < jobs->len)
		rc = pool_put(pool, jobs->at[i++], e);
	while (i < jobs->len)
		free_job(jobs->at[i++]);
	jobs->len = 0;
	if (rc == 0)
		return pool_finish(pool, e);
	pool_abort(pool);
	return -1;
}

static int
plan_and_run(struct pieces *s, struct err *e)
{
	struct jobs jobs = { 0 };
	int rc = 0;

	for (uint64_t number = 1; rc == 0 && number <= s->push->view.ntables; number++)
		rc = plan_table(s, number, &jobs, e);
	if (rc == 0)
		rc = run_jobs(s, &jobs, e);
	for (size_t i = 0; i < jobs.len; i++)
		free_job(jobs.at[i]);
	free(jobs.at);
	return rc;
}

int
pieces_store(struct push *p, struct err *e)
{
	struct pieces s = { .push = p, .packed = mem_array(p->jobs, sizeof(struct packed)) };
	int rc;

	pthread_mutex_init(&s.mutex, NULL);
	rc = piece_files_check(p, e);
	if (rc == 0)
		rc = plan_and_run(&s, e);
	if (rc == 0)
		rc = piece_files_sweep(p, e);
	if (rc == 0)
		rc = part_store_host(p, s.empty, s.nempty, e);
	if (rc == 0 && s.bad + s.missing > 0) {
		rc = err_set(e, ERR_DIFFERS, "%zu files are missing and %zu are not as they should be; they are named above",
		    s.missing, s.bad);
		if (s.missing > 0)
			err_hint(e, "--segment-dir names every folder where segments of this host write, such as their data folders");
	}
	for (unsigned i = 0; i < p->jobs; i++)
		pack_release(&s.packed[i]);
	free(s.packed);
	free(s.empty);
	pthread_mutex_destroy(&s.mutex);
	return rc;
}
