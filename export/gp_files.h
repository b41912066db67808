/* gp_files.h -- rows of a table from Greenplum's segments into files elsewhere: on the segments' own hosts (COPY … ON
 * SEGMENT), behind gpfdist servers of the site, or at `gpm-export receive` on other hosts.  They never pass this host; gpm-push
 * --host-part stores them.
 *
 * All that is known here is how many rows the server says there were. */
#ifndef GPM_GP_FILES_H
#define GPM_GP_FILES_H

#include "db.h"
#include "hosts.h"
#include "state.h"

struct err;
struct opts;

struct gp_files {
	struct hosts hosts;
	const char *folder;      /* on-segment: of every segment, "<SEG_DATA_DIR>" or the like; else NULL */
	const char *const *urls; /* gpfdist-url: one a piece; receivers: HOST:PORT */
	char **owned;            /* what urls points to */
	struct secret *key;      /* receivers: what their URLs are signed by (receive_url.h); else NULL */
	bool tls;                /* of receivers */
	uint64_t buffer_kb;      /* receivers: writable_external_table_bufsize that fits their --memory, as ours is */
};

/* gp_files_open_segments(opts, db, out, e): --method on-segment; DB's user must be a superuser.
 * gp_files_open_urls: --method gpfdist-url.  Strings are borrowed from OPTS.
 * gp_files_open_receivers: --method gpfdist with --receiver; JOBS tables are on their way at once. */
int gp_files_open_segments(const struct opts *, struct db *, struct gp_files *out, struct err *) GPM_NODISCARD;
int gp_files_open_urls(const struct opts *, struct db *, struct gp_files *out, struct err *) GPM_NODISCARD;
int gp_files_open_receivers(const struct opts *, struct db *, unsigned jobs, struct gp_files *out, struct err *) GPM_NODISCARD;
void gp_files_close(struct gp_files *); /* fine on a zeroed struct */

/* gp_files_take(f, t): may the rows of T leave so?  A replicated table has all of its rows on every segment. */
bool gp_files_take(const struct gp_files *, const struct rec_table *t);

/* gp_files_reach(f, db, e): receivers: can the segments come there?  In a session of its own. */
int gp_files_reach(const struct gp_files *, struct db *, struct err *) GPM_NODISCARD;

/* gp_files_rows(f, run, db, t, done, e): all rows of T, for its attempt under way, in DB's transaction, which holds the
 * snapshot and T's lock.  DONE gets rows and pieces; the pieces' memory is the caller's. */
int gp_files_rows(const struct gp_files *, const char *run, struct db *, const struct table *t, struct rec_done *done,
    struct err *) GPM_NODISCARD;

#endif
