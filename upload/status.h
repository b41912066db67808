/* status.h -- gpm-push status: how far every run of the spool is, from its journals alone. */
#ifndef GPM_STATUS_H
#define GPM_STATUS_H

#include "spool.h"

struct err;
struct opts;

/* gpm-push status: all runs (or --run) on stdout, as text or --json; and --metrics-file. */
int status_print(const struct opts *, struct err *) GPM_NODISCARD;

/* How far a run is. */
struct run_status {
	spool_id id;
	char *database;             /* NULL: the export has just begun */
	uint64_t tables, tables_done, tables_failed;
	uint64_t chunks, chunks_stored; /* of attempts that count */
	uint64_t rows;
	uint64_t plain, plain_stored, stored; /* bytes; STORED: of their objects */
	bool export_complete, export_at_work, push_at_work, sealed;
	char *mark_time;            /* of the newest start: when it was so far; NULL: it has stored nothing */
	double mark_seconds;        /* since its beginning */
	uint64_t mark_plain;        /* what it had stored by then */
	char *error;                /* it ended with; or NULL */
};

/* status_gather(spool, id, out, e): reads while others write.  OUT is released in any case. */
int status_gather(struct spool *, const char *id, struct run_status *out, struct err *) GPM_NODISCARD;
void status_release(struct run_status *);
const char *status_word(const struct run_status *); /* "pushing" */
uint64_t status_rate(const struct run_status *);    /* plain bytes a second of the newest start; 0: unknown */

/* metrics_write(spool, path, exit_status, e): of all runs.  EXIT_STATUS of a push that ends; -1: none does. */
int metrics_write(struct spool *, const char *path, int exit_status, struct err *) GPM_NODISCARD;

#endif
