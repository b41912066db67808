/* status_gather.c -- how far a run is, from its journals. */
#include "prelude.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "err.h"
#include "run_view.h"
#include "status.h"

/* What is known of the newest attempt at a table. */
struct tally {
	uint64_t attempt, chunks, rows, plain, chunks_stored, plain_stored, stored;
};

struct gathering {
	struct run_view view;
	struct tally *tallies;    /* by table number - 1 */
	size_t n;
	struct run_status *out;
	double began;             /* of the newest start, in seconds of the clock */
};

static struct tally *
tally_of(struct gathering *g, uint64_t table, uint64_t attempt)
{
	struct tally *t;

	while (g->n < table) {
		g->tallies = mem_grow(g->tallies, (g->n + 1) * sizeof(*g->tallies));
		memset(&g->tallies[g->n++], 0, sizeof(*g->tallies));
	}
	t = &g->tallies[table - 1];
	if (t->attempt < attempt)
		*t = (struct tally){ .attempt = attempt };
	return t->attempt == attempt ? t : NULL;
}

/* A chunk of the export's journal, whose table is known. */
static int
see_chunk(void *ctx, struct rec_chunk *rec, struct err *e)
{
	struct tally *t = tally_of(ctx, rec->table, rec->attempt);

	(void)e;
	if (t == NULL)
		return 0;
	t->chunks++;
	t->rows += rec->rows;
	t->plain += rec->plain_bytes;
	return 0;
}

/* "2026-11-20T23:18:16.042Z" in seconds; 0 when it is none. */
static double
seconds_of(const char *text)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (rest == NULL)
		return 0;
	return (double)timegm(&tm) + (*rest == '.' && strspn(rest + 1, "0123456789") >= 3 ?
	    (rest[1] - '0') / 10.0 + (rest[2] - '0') / 100.0 + (rest[3] - '0') / 1000.0 : 0);
}

static void
see_mark(struct gathering *g, struct rec_mark *m)
{
	struct run_status *s = g->out;

	if (m->plain_bytes == 0 && m->error == NULL)
		g->began = seconds_of(m->time);
	free(s->mark_time);
	free(s->error);
	s->mark_time = m->time;
	s->error = m->error;
	s->mark_plain = m->plain_bytes;
	s->mark_seconds = m->plain_bytes > 0 ? seconds_of(m->time) - g->began : 0;
	memset(m, 0, sizeof(*m));
}

static int
see_stored(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct gathering *g = ctx;
	struct tally *t;

	(void)place;
	(void)e;
	if (r->type == REC_SEALED)
		g->out->sealed = true;
	else if (r->type == REC_MARK)
		see_mark(g, &r->u.mark);
	else if (r->type == REC_CHUNK && run_view_counts(&g->view, r->u.chunk.table, r->u.chunk.attempt) &&
	    (t = tally_of(g, r->u.chunk.table, r->u.chunk.attempt)) != NULL) {
		/* the export's journal has no line of a chunk that it left where it is */
		if (run_view_table(&g->view, r->u.chunk.table)->base_table > 0) {
			t->chunks++;
			t->rows += r->u.chunk.rows;
			t->plain += r->u.chunk.plain_bytes;
		}
		t->chunks_stored++;
		t->plain_stored += r->u.chunk.plain_bytes;
		t->stored += r->u.chunk.stored_bytes;
	}
	return 0;
}

/* Does a process hold the lock?  Asked of the kernel's list, because who tries to take it could keep a push from its
 * start.  Where there is no such list (a lock on another host): nobody. */
static bool
is_locked(struct spool_run *run, const char *name)
{
	char *path = spool_run_path(run, name), line[256];
	FILE *locks = fopen("/proc/locks", "re");
	struct stat st;
	bool held = false;

	if (locks != NULL && stat(path, &st) == 0)
		while (!held && fgets(line, sizeof(line), locks) != NULL) {
			unsigned major, minor;
			uint64_t inode;

			held = strstr(line, " FLOCK ") != NULL && strstr(line, "->") == NULL &&
			    sscanf(line, "%*s %*s %*s %*s %*s %x:%x:%" SCNu64, &major, &minor, &inode) == 3 &&
			    inode == st.st_ino && major == major(st.st_dev) && minor == minor(st.st_dev);
		}
	if (locks != NULL)
		fclose(locks);
	free(path);
	return held;
}

static void
add_up(struct gathering *g)
{
	struct run_status *s = g->out;
	struct run_view *v = &g->view;

	for (size_t i = 0; i < v->ntables; i++) {
		const struct view_table *t = &v->tables[i];

		if (!t->listed)
			continue;
		s->tables++;
		s->tables_done += t->is_done;
		s->tables_failed += !t->is_done && t->has_failed_place;
		if (i >= g->n || !run_view_counts(v, i + 1, g->tallies[i].attempt))
			continue;
		s->chunks += g->tallies[i].chunks;
		s->rows += g->tallies[i].rows;
		s->plain += g->tallies[i].plain;
		s->chunks_stored += g->tallies[i].chunks_stored;
		s->plain_stored += g->tallies[i].plain_stored;
		s->stored += g->tallies[i].stored;
	}
	s->export_complete = v->ended;
	if (v->has_header)
		s->database = mem_str(v->header.database);
}

int
status_gather(struct spool *spool, const char *id, struct run_status *out, struct err *e)
{
	struct gathering g = { .out = out };
	struct spool_run *run;
	uint64_t offset = 0;
	char *path;
	int rc;

	memset(out, 0, sizeof(*out));
	snprintf(out->id, sizeof(out->id), "%s", id);
	if (spool_run_open(spool, id, false, &run, e) < 0)
		return -1;
	/* the locks before the journals: who is at work now may be done by the time they are read, not the other way round */
	out->export_at_work = is_locked(run, "export.lock");
	out->push_at_work = is_locked(run, "push.lock");
	run_view_init(&g.view, run);
	path = spool_run_path(run, "push.jsonl");
	rc = run_view_read(&g.view, see_chunk, &g, e);
	if (rc == 0)
		rc = journal_read(path, "gpm-push-journal", id, &offset, see_stored, &g, e) < 0 ? -1 : 0;
	if (rc == 0)
		add_up(&g);
	free(path);
	free(g.tallies);
	run_view_release(&g.view);
	spool_run_close(run);
	return rc;
}

void
status_release(struct run_status *s)
{
	free(s->database);
	free(s->mark_time);
	free(s->error);
	memset(s, 0, sizeof(*s));
}
