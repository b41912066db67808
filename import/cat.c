/* cat.c -- gpm-import cat: checked rows of one table on stdout. */
#include "prelude.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "err.h"
#include "find.h"
#include "import.h"
#include "opt.h"
#include "parse.h"
#include "pick.h"
#include "stop.h"
#include "unpack.h"

#define CHUNK_LIMIT ((uint64_t)4 << 30) /* of plain bytes: a chunk is held whole until it is known to be good */

struct cat {
	struct run *run;
	uint64_t batch;          /* 0: all */
	uint64_t first, last;    /* of that batch, or 0 */
	uint64_t shard, shards;  /* of those chunks number SHARD, SHARD + SHARDS, …, from 0 on */
	uint64_t found;          /* chunks so far, of all shards */
	struct buf object, plain;
};

/* FIRST-LAST, or one number. */
static int
parse_chunks(const char *text, struct cat *c, struct err *e)
{
	const char *dash = strchr(text, '-');
	char *first = mem_strn(text, dash != NULL ? (size_t)(dash - text) : strlen(text));
	int rc = parse_u64(first, 1, INT64_MAX, &c->first, e);

	free(first);
	if (rc == 0)
		rc = parse_u64(dash != NULL ? dash + 1 : text, c->first, INT64_MAX, &c->last, e);
	return rc < 0 ? err_context(e, "--chunks is FIRST-LAST") : 0;
}

/* INDEX/COUNT, as Greenplum's segments know themselves: from 0 on. */
static int
parse_shard(const char *text, struct cat *c, struct err *e)
{
	const char *slash = strchr(text, '/');
	char *index = mem_strn(text, slash != NULL ? (size_t)(slash - text) : strlen(text));
	int rc = -1;

	if (slash == NULL)
		err_set(e, ERR_USAGE, "'%.40s' has no /", text);
	else if ((rc = parse_u64(slash + 1, 1, INT32_MAX, &c->shards, e)) == 0)
		rc = parse_u64(index, 0, c->shards - 1, &c->shard, e);
	free(index);
	return rc < 0 ? err_context(e, "--shard is INDEX/COUNT") : 0;
}

static int
parse_selection(const struct opts *opts, struct cat *c, struct err *e)
{
	const char *chunks = opt_string(opts, OPT_ID_chunks), *shard = opt_string(opts, OPT_ID_shard);

	if (opt_list_len(opts, OPT_ID_table) != 1)
		return err_set(e, ERR_USAGE, "cat needs one --table");
	c->batch = opt_u64(opts, OPT_ID_batch);
	if (opt_is_set(opts, OPT_ID_batch) && c->batch == 0)
		return err_set(e, ERR_USAGE, "--batch: batches are numbered from 1");
	if (shard != NULL && parse_shard(shard, c, e) < 0)
		return -1;
	if (chunks == NULL)
		return 0;
	if (c->batch == 0)
		return err_set(e, ERR_USAGE, "--chunks needs --batch");
	return parse_chunks(chunks, c, e);
}

static bool
is_wanted(const struct cat *c, const struct rec_chunk *chunk)
{
	return c->batch == 0 || (chunk->batch == c->batch &&
	    (c->first == 0 || (chunk->seq >= c->first && chunk->seq <= c->last)));
}

static int
write_out(const struct buf *b, struct err *e)
{
	for (size_t at = 0; at < b->len;) {
		ssize_t n = write(STDOUT_FILENO, b->data + at, b->len - at);

		if (n < 0 && errno != EINTR)
			return err_sys(e, "cannot write the rows");
		if (stop_check(e) < 0)
			return -1;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Nothing of a chunk is written before all of it was compared. */
static int
write_chunk(struct cat *c, const struct rec_table *t, const struct rec_chunk *chunk, struct err *e)
{
	char *key = run_chunk_key(c->run, chunk);
	int rc = 0;

	if (chunk->plain_bytes > CHUNK_LIMIT)
		rc = err_set(e, ERR_FAILED, "'%s' holds %" PRIu64 " bytes of rows; cat holds a chunk in memory, and no more than %"
		    PRIu64 " bytes", key, chunk->plain_bytes, CHUNK_LIMIT);
	if (rc == 0)
		rc = unpack_fetch_chunk(c->run, chunk, &c->object, e);
	if (c->plain.limit < chunk->plain_bytes)
		c->plain.limit = chunk->plain_bytes;
	if (rc == 0 && (rc = unpack_chunk_rows(&c->object, chunk, &t->columns, &c->plain, e)) < 0)
		err_context(e, "'%s'", key);
	free(key);
	return rc < 0 ? -1 : write_out(&c->plain, e);
}

static int
write_table(struct cat *c, struct run_table *t, struct err *e)
{
	struct rec_chunk chunk;
	int rc;

	while ((rc = run_table_chunk(t, &chunk, e)) > 0) {
		if (is_wanted(c, &chunk) && c->found++ % c->shards == c->shard)
			rc = write_chunk(c, &t->table, &chunk, e);
		record_free_fields(REC_CHUNK, &chunk);
		if (rc < 0)
			break;
	}
	if (rc < 0)
		return -1;
	/* who asks for chunks by their numbers wants neither more nor fewer */
	if (c->batch != 0 && (c->found == 0 || (c->first != 0 && c->found != c->last - c->first + 1)))
		return err_set(e, ERR_FAILED, "%s.%s has no such chunks in batch %" PRIu64, t->table.schema, t->table.name, c->batch);
	return 0;
}

/* What a file system finds out only now. */
static int
close_stdout(struct err *e)
{
	int fd = dup(STDOUT_FILENO);

	return fd < 0 || close(fd) < 0 ? err_sys(e, "cannot write the rows") : 0;
}

static int
cat_table(struct cat *c, const struct rec_manifest *line, struct err *e)
{
	struct run_table *t;
	int rc;

	if (store_key_check(line->key, e) < 0 || run_table_open(c->run, line, &t, e) < 0)
		return -1;
	rc = write_table(c, t, e);
	run_table_close(t);
	return rc < 0 ? -1 : close_stdout(e);
}

int
import_cat(const struct opts *opts, struct store *store, struct err *e)
{
	struct cat c = { .shards = 1 };
	struct rec_manifest *lines;
	size_t n;
	int rc;

	if (parse_selection(opts, &c, e) < 0 || find_run(store, opts, &c.run, e) < 0)
		return -1;
	rc = pick_tables(opts, OPT_ID_table, c.run, &lines, &n, e);
	if (rc == 0) {
		rc = cat_table(&c, &lines[0], e);
		pick_free(lines, n);
	}
	buf_release(&c.object);
	buf_release(&c.plain);
	run_close(c.run);
	return rc;
}
