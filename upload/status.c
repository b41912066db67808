/* status.c -- gpm-push status: how far every run of the spool is. */
#include "prelude.h"

#include <inttypes.h>

#include <jansson.h>

#include "err.h"
#include "opt.h"
#include "parse.h"
#include "status.h"

const char *
status_word(const struct run_status *s)
{
	if (s->sealed)
		return "sealed";
	if (s->push_at_work)
		return "pushing";
	if (s->export_at_work)
		return "exporting";
	return s->export_complete ? "waiting" : "unfinished";
}

uint64_t
status_rate(const struct run_status *s)
{
	return s->mark_seconds >= 0.001 && s->mark_plain > 0 ? (uint64_t)((double)s->mark_plain / s->mark_seconds) : 0;
}

/* Seconds until what is known now is stored; UINT64_MAX: nobody knows. */
static uint64_t
seconds_left(const struct run_status *s)
{
	uint64_t rate = status_rate(s), left = s->plain > s->plain_stored ? s->plain - s->plain_stored : 0;

	return rate == 0 || s->sealed ? UINT64_MAX : left / rate;
}

static char *
format_left(uint64_t s, char out[FORMAT_SIZE_LEN])
{
	if (s == UINT64_MAX)
		snprintf(out, FORMAT_SIZE_LEN, "-");
	else
		snprintf(out, FORMAT_SIZE_LEN, "%" PRIu64 ":%02u:%02u", s / 3600, (unsigned)(s / 60 % 60), (unsigned)(s % 60));
	return out;
}

/* "12/40" */
static char *
format_part(uint64_t part, uint64_t whole, char out[FORMAT_SIZE_LEN])
{
	snprintf(out, FORMAT_SIZE_LEN, "%" PRIu64 "/%" PRIu64, part, whole);
	return out;
}

static void
print_text(const struct run_status *s)
{
	char tables[FORMAT_SIZE_LEN], chunks[FORMAT_SIZE_LEN], known[FORMAT_SIZE_LEN], done[FORMAT_SIZE_LEN], stored[FORMAT_SIZE_LEN];
	char rate[FORMAT_SIZE_LEN], left[FORMAT_SIZE_LEN];

	printf("%-24s %-10s %-16s %9s %13s %10s %10s %10s %10s/s %9s\n", s->id, status_word(s), s->database != NULL ? s->database : "-",
	    format_part(s->tables_done, s->tables, tables), format_part(s->chunks_stored, s->chunks, chunks),
	    format_size(s->plain, known), format_size(s->plain_stored, done), format_size(s->stored, stored),
	    status_rate(s) > 0 ? format_size(status_rate(s), rate) : "-", format_left(seconds_left(s), left));
	if (s->tables_failed > 0)
		printf("%-24s %" PRIu64 " tables failed in the export\n", "", s->tables_failed);
	if (s->error != NULL)
		printf("%-24s %s: %s\n", "", s->mark_time, s->error);
}

static int
print_json(const struct run_status *s, struct err *e)
{
	uint64_t left = seconds_left(s);
	json_t *o = json_pack("{s:s, s:s, s:s*, s:b, s:b, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s*}",
	    "run", s->id, "state", status_word(s), "database", s->database, "export_complete", s->export_complete,
	    "export_at_work", s->export_at_work, "push_at_work", s->push_at_work, "sealed", s->sealed,
	    "tables", (json_int_t)s->tables, "tables_done", (json_int_t)s->tables_done, "tables_failed", (json_int_t)s->tables_failed,
	    "chunks", (json_int_t)s->chunks, "chunks_stored", (json_int_t)s->chunks_stored, "rows", (json_int_t)s->rows,
	    "plain_bytes", (json_int_t)s->plain, "plain_bytes_stored", (json_int_t)s->plain_stored,
	    "stored_bytes", (json_int_t)s->stored, "bytes_per_second", (json_int_t)status_rate(s), "last_progress", s->mark_time);
	int rc;

	/* a database's name may be no UTF-8; an error's text as well */
	if (o == NULL)
		return err_set(e, ERR_FAILED, "run %s: its names are not UTF-8, which JSON has to be", s->id);
	if (left != UINT64_MAX)
		json_object_set_new(o, "seconds_left", json_integer((json_int_t)left));
	if (s->error != NULL) {
		json_t *text = json_string(s->error);

		json_object_set_new(o, "last_error", text != NULL ? text : json_string("its text is no UTF-8"));
	}
	rc = json_dumpf(o, stdout, JSON_COMPACT);
	json_decref(o);
	return rc < 0 || putchar('\n') == EOF ? err_set(e, ERR_SYSTEM, "cannot write the status") : 0;
}

static int
print_run(struct spool *spool, const char *id, bool json, struct err *e)
{
	struct run_status s;
	int rc = status_gather(spool, id, &s, e);

	if (rc == 0 && json)
		rc = print_json(&s, e);
	else if (rc == 0)
		print_text(&s);
	status_release(&s);
	return rc;
}

/* A run whose journal is damaged is told, and the others are printed. */
static int
print_runs(struct spool *spool, const struct opts *opts, struct err *e)
{
	const char *only = opt_string(opts, OPT_ID_run);
	bool json = opt_flag(opts, OPT_ID_json);
	struct err trouble;
	spool_id *ids;
	size_t n;
	int rc = 0;

	if (!json)
		printf("%-24s %-10s %-16s %9s %13s %10s %10s %10s %12s %9s\n", "run", "state", "database", "tables", "chunks", "rows in",
		    "of it sent", "as objects", "rate", "left");
	if (only != NULL)
		return print_run(spool, only, json, e);
	if (spool_runs(spool, &ids, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (print_run(spool, ids[i], json, &trouble) < 0) {
			if (rc < 0)
				err_print(e);
			*e = trouble;
			rc = -1;
		}
	free(ids);
	return rc;
}

int
status_print(const struct opts *opts, struct err *e)
{
	const char *metrics = opt_string(opts, OPT_ID_metrics_file);
	struct spool *spool;
	int rc;

	if (opt_require(opts, OPT_ID_spool, e) < 0 || spool_open(opt_string(opts, OPT_ID_spool), false, &spool, e) < 0)
		return -1;
	rc = print_runs(spool, opts, e);
	if (rc == 0 && metrics != NULL)
		rc = metrics_write(spool, metrics, -1, e);
	spool_close(spool);
	if (rc == 0 && fflush(stdout) != 0)
		return err_sys(e, "cannot write the status");
	return rc;
}
