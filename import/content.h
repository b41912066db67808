/* content.h -- are the rows of a table those of the source?  The row digest of what the destination itself writes of it,
 * against the manifest's.
 *
 * On Greenplum the segments send their rows to receivers in this process, all at once, and nothing passes through the
 * coordinator; rows of small tables, and all where that cannot be, come by COPY. */
#ifndef GPM_CONTENT_H
#define GPM_CONTENT_H

#include "db.h"
#include "record.h"
#include "rows.h"

struct content;
struct err;
struct opts;

/* content_open(opts, db, jobs, out, e): for JOBS tables at once.  Segments that cannot come are told as a warning, and are
 * not asked with --method copy. */
int content_open(const struct opts *, struct db *, unsigned jobs, struct content **out, struct err *) GPM_NODISCARD;
void content_close(struct content *); /* NULL is fine */

/* What a table should hold. */
struct content_want {
	uint64_t rows, plain_bytes;
	struct digest digest;
};

/* content_check(c, db, t, want, e): T in DB's session, whose encoding is set and in which no transaction is open.  ERR_DIFFERS
 * with both digests.  From several threads, each with its own DB. */
int content_check(struct content *, struct db *, const struct rec_table *t, const struct content_want *want, struct err *) GPM_NODISCARD;

#endif
