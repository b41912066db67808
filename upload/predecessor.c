/* predecessor.c -- which run of the same source a run follows. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "parse.h"
#include "predecessor.h"

#define TAIL ((off_t)4096) /* of a push journal: longer than its sealed line */

struct looking {
	const struct rec_run *header; /* of the run under way */
	bool same_source, seen;       /* of the run that is looked at */
	bool sealed;
	char sha256[65];
};

/* Only the first record is wanted: the rest of a journal may be long. */
static int
see_export(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct looking *l = ctx;

	(void)place;
	l->seen = true;
	l->same_source = r->type == REC_RUN && strcmp(r->u.run.source_id, l->header->source_id) == 0 &&
	    strcmp(r->u.run.database, l->header->database) == 0;
	return err_set(e, ERR_STOPPED, "enough was read");
}

static int
see_push(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct looking *l = ctx;

	(void)place;
	(void)e; /* cannot fail */
	if (r->type != REC_SEALED)
		return 0;
	l->sealed = true;
	format_hex(r->u.sealed.stored_sha256, sizeof(r->u.sealed.stored_sha256), l->sha256);
	return 0;
}

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

/* A run whose journals cannot be read is one of which nothing is known. */
static void
look_at(struct looking *l, struct spool *spool, const char *id)
{
	struct spool_run *run;
	struct err ignored;
	uint64_t at = 0;
	char *path;

	l->seen = l->same_source = l->sealed = false;
	if (spool_run_open(spool, id, false, &run, &ignored) < 0)
		return;
	path = spool_run_path(run, "export.jsonl");
	if (journal_read(path, "gpm-export-journal", id, &at, see_export, l, &ignored) < 0 && !l->seen)
		l->same_source = false;
	free(path);
	path = spool_run_path(run, "push.jsonl");
	at = l->same_source ? last_line(path) : 0;
	if (l->same_source && journal_read(path, "gpm-push-journal", id, &at, see_push, l, &ignored) < 0)
		l->sealed = false;
	free(path);
	spool_run_close(run);
}

int
predecessor_find(struct push *p, struct err *e)
{
	struct rec_run *header = &p->view.header;
	struct looking l = { .header = header };
	spool_id *ids;
	size_t n;

	if (header->predecessor != NULL)
		return 0;
	if (spool_runs(p->spool, &ids, &n, e) < 0)
		return -1;
	while (n-- > 0 && header->predecessor == NULL) {
		if (strcmp(ids[n], spool_run_id(p->run)) >= 0)
			continue;
		look_at(&l, p->spool, ids[n]);
		if (!l.same_source || !l.sealed)
			continue;
		header->predecessor = mem_str(ids[n]);
		free(header->predecessor_sha256);
		header->predecessor_sha256 = mem_str(l.sha256);
	}
	free(ids);
	return 0;
}
