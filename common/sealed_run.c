/* sealed_run.c -- the sealed runs that a spool remembers. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "journal.h"
#include "parse.h"
#include "sealed_run.h"

#define TAIL ((off_t)4096) /* of a push journal: longer than its sealed line */

/* Where the last line begins; 0 when the file is short or not there: all of it is read then. */
static uint64_t
last_line(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char tail[TAIL];
	uint64_t at = 0;
	struct stat st;
	struct err ignored;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0 && st.st_size > TAIL &&
	    file_read_at(fd, tail, sizeof(tail), (uint64_t)(st.st_size - TAIL), path, &ignored) == 0) {
		const char *newline = memrchr(tail, '\n', sizeof(tail) - 1);

		if (newline != NULL)
			at = (uint64_t)(st.st_size - TAIL) + (uint64_t)(newline + 1 - tail);
	}
	close(fd);
	return at;
}

/* What stands before it are the marks of starts that did not come so far. */
static int
see_push(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	(void)place;
	if (r->type != REC_PUSH)
		return 0;
	record_take(r, ctx);
	return err_set(e, ERR_STOPPED, "enough was read");
}

static bool
read_push(const char *path, const char *id, struct rec_push *out)
{
	struct err ignored;
	uint64_t at = 0;

	return journal_read(path, "gpm-push-journal", id, &at, see_push, out, &ignored) < 0 && ignored.code == ERR_STOPPED;
}

static int
see_sealed(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	char *sha256 = ctx;

	(void)place;
	(void)e; /* cannot fail */
	if (r->type == REC_SEALED)
		format_hex(r->u.sealed.stored_sha256, sizeof(r->u.sealed.stored_sha256), sha256);
	return 0;
}

/* The sealed line is a push journal's last. */
static bool
read_sealed(const char *path, const char *id, char sha256[65])
{
	uint64_t at = last_line(path);
	struct err ignored;

	return journal_read(path, "gpm-push-journal", id, &at, see_sealed, sha256, &ignored) >= 0 && sha256[0] != '\0';
}

bool
sealed_run_look(struct spool *spool, const struct rec_run *source, const char *id, struct sealed_run *out)
{
	struct spool_run *run;
	struct err ignored;
	char *export, *push;
	bool ok;

	memset(out, 0, sizeof(*out));
	if (!runid_valid(id) || spool_run_open(spool, id, false, &run, &ignored) < 0)
		return false;
	snprintf(out->id, sizeof(out->id), "%s", id);
	export = spool_run_path(run, "export.jsonl");
	push = spool_run_path(run, "push.jsonl");
	ok = journal_first(export, "gpm-export-journal", id, REC_RUN, &out->header, &ignored) > 0 &&
	    strcmp(out->header.source_id, source->source_id) == 0 && strcmp(out->header.database, source->database) == 0 &&
	    read_push(push, id, &out->push) && read_sealed(push, id, out->sha256);
	free(export);
	free(push);
	spool_run_close(run);
	if (!ok)
		sealed_run_release(out);
	return ok;
}

int
sealed_run_find(struct spool *spool, const struct rec_run *source, const char *before, struct sealed_run *out, struct err *e)
{
	spool_id *ids;
	size_t n;
	bool found = false;

	if (spool_runs(spool, &ids, &n, e) < 0)
		return -1;
	while (!found && n-- > 0)
		found = (before == NULL || strcmp(ids[n], before) < 0) && sealed_run_look(spool, source, ids[n], out);
	free(ids);
	return found;
}

void
sealed_run_release(struct sealed_run *s)
{
	record_free_fields(REC_RUN, &s->header);
	record_free_fields(REC_PUSH, &s->push);
	memset(s, 0, sizeof(*s));
}
