/* scale_probe.c -- a run as large as no test can export: a spool whose export is complete and whose chunks are all stored but
 * for the seal, and the objects in a folder bucket, empty but for their size.
 *
 *   scale-probe SPOOL BUCKET RUN TABLES CHUNKS
 *
 * SPOOL and BUCKET are folders, BUCKET an absolute path; each of TABLES tables has CHUNKS chunks of one row. */
#include "prelude.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "journal.h"
#include "manifest.h"
#include "parse.h"
#include "rows.h"
#include "runid.h"

#define PLAIN_BYTES ((uint64_t)64 << 20)  /* a chunk as those who move 100 TB have it */
#define STORED_BYTES ((uint64_t)16 << 20)
#define CHUNKS_A_BATCH 50
#define TIME "2026-11-20T23:18:16Z"

struct work {
	const char *run, *bucket;
	uint64_t ntables, nchunks;
	struct journal *export, *push;
};

static void
must(int rc, const struct err *e)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "scale-probe: %s\n", e->text);
	exit(1);
}

static void
note(struct journal *j, enum record_type type, const void *rec)
{
	struct err e;

	must(journal_note(j, type, rec, &e), &e);
}

static struct journal *
open_journal(const char *dir, const char *name, const char *format, const char *run)
{
	char *path = mem_printf("%s/%s", dir, name);
	struct journal *j;
	struct err e;

	must(journal_open(path, format, run, NULL, NULL, &j, &e), &e);
	free(path);
	return j;
}

/* --- what both journals begin with --- */

static void
begin(const struct work *w)
{
	static char system[] = "PostgreSQL", version[] = "PostgreSQL 15.0", id[] = "1/1", name[] = "big", utf8[] = "UTF8", when[] = TIME,
	    digest[] = "gpm-row-1", scope[] = "run", target[] = "any", zstd[] = "zstd:1", copy[] = "copy";
	char *methods[] = { copy }, *url = mem_printf("file://%s", w->bucket);
	struct rec_run run = {
		.system = system, .server_version = version, .server_version_num = 150000, .source_id = id, .database = name,
		.encoding = utf8, .server_time = when, .digest = digest, .chunk_size = PLAIN_BYTES,
		.batch_size = PLAIN_BYTES * CHUNKS_A_BATCH, .batch_chunks = CHUNKS_A_BATCH,
		.settings = json_object(), .selection = json_object(),
	};
	struct rec_moment moment = { .moment = 1, .scope = scope, .time = when };
	struct rec_push push = { .target = target, .methods = { methods, 1 }, .compression = zstd, .url = url };

	note(w->export, REC_RUN, &run);
	note(w->export, REC_MOMENT, &moment);
	note(w->push, REC_PUSH, &push);
	json_decref(run.settings);
	json_decref(run.selection);
	free(url);
}

/* --- tables --- */

static void
list_table(const struct work *w, uint64_t number)
{
	static char schema[] = "public", kind[] = "table", utf8[] = "UTF8", column[] = "a", type[] = "integer";
	struct column a = { .name = column, .type = type };
	struct rec_table t = {
		.table = number, .schema = schema, .name = mem_printf("t%" PRIu64, number), .kind = kind, .oid = 16384 + number,
		.relfilenode = 16384 + number, .bytes = w->nchunks * PLAIN_BYTES, .encoding = utf8,
		.dialect = json_pack("{ssssssss}", "format", "csv", "delimiter", ",", "quote", "\"", "null", ""), .columns = { &a, 1 },
	};

	note(w->export, REC_TABLE, &t);
	json_decref(t.dialect);
	free(t.name);
}

/* An object of the size that the journal tells, without a block on the disk. */
static void
make_object(const struct work *w, const char *key, bool make_folder)
{
	char *path = mem_printf("%s/%s/%s", w->bucket, w->run, key);
	struct err e;
	int fd;

	if (make_folder) {
		char *slash = strrchr(path, '/');

		*slash = '\0';
		must(file_mkdirs_unsynced(path, &e), &e);
		*slash = '/';
	}
	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0 || ftruncate(fd, (off_t)STORED_BYTES) != 0) {
		perror(path);
		exit(1);
	}
	close(fd);
	free(path);
}

static void
add_chunk(const struct work *w, const char *label, uint64_t table, uint64_t i, struct rec_done *sums)
{
	static char zstd[] = "zstd:1";
	uint64_t batch = i / CHUNKS_A_BATCH + 1, seq = i % CHUNKS_A_BATCH + 1;
	struct rec_chunk c = {
		.table = table, .attempt = 1, .key = chunk_key(label, 1, batch, seq, ""), .batch = batch, .seq = seq, .rows = 1,
		.digest = { table, i + 1 }, .plain_bytes = PLAIN_BYTES, .plain_xxh3 = { (unsigned char)i, (unsigned char)table, 1 },
	};

	note(w->export, REC_CHUNK, &c);
	free(c.key);
	c.key = chunk_key(label, 1, batch, seq, ".zst");
	c.compression = zstd;
	c.stored_bytes = STORED_BYTES;
	memset(c.stored_sha256, (int)(i % 255) + 1, sizeof(c.stored_sha256));
	note(w->push, REC_CHUNK, &c);
	make_object(w, c.key, seq == 1);
	free(c.key);
	sums->chunks++;
	sums->batches = batch;
	sums->rows++;
	sums->plain_bytes += c.plain_bytes;
	sums->digest = digest_add(sums->digest, c.digest);
}

static void
add_rows(const struct work *w, uint64_t number, struct rec_end *end)
{
	static char method[] = "copy", when[] = TIME;
	struct rec_attempt attempt = { .table = number, .attempt = 1, .moment = 1, .method = method, .time = when };
	struct rec_done done = { .table = number, .attempt = 1, .moment = 1, .method = method, .time = when };
	char *name = mem_printf("t%" PRIu64, number), *label = table_label(number, "public", name);

	note(w->export, REC_ATTEMPT, &attempt);
	for (uint64_t i = 0; i < w->nchunks; i++)
		add_chunk(w, label, number, i, &done);
	note(w->export, REC_DONE, &done);
	end->tables++;
	end->rows += done.rows;
	end->plain_bytes += done.plain_bytes;
	free(label);
	free(name);
}

int
main(int argc, char **argv)
{
	static char when[] = TIME;
	struct work w = { 0 };
	struct rec_end end = { .time = when };
	struct err e;
	char *dir;

	if (argc != 6 || parse_u64(argv[4], 1, 100000, &w.ntables, &e) < 0 || parse_u64(argv[5], 1, 10000000, &w.nchunks, &e) < 0) {
		fputs("usage: scale-probe SPOOL BUCKET RUN TABLES CHUNKS\n", stderr);
		return 2;
	}
	w.bucket = argv[2];
	w.run = argv[3];
	dir = mem_printf("%s/%s", argv[1], w.run);
	must(file_mkdirs_unsynced(dir, &e), &e);
	w.export = open_journal(dir, "export.jsonl", "gpm-export-journal", w.run);
	w.push = open_journal(dir, "push.jsonl", "gpm-push-journal", w.run);
	begin(&w);
	for (uint64_t t = 1; t <= w.ntables; t++)
		list_table(&w, t);
	for (uint64_t t = 1; t <= w.ntables; t++)
		add_rows(&w, t, &end);
	note(w.export, REC_END, &end);
	journal_close(w.export);
	journal_close(w.push);
	free(dir);
	return 0;
}
