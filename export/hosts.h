/* hosts.h -- who brings the rows that never pass this host: which host has which pieces of a table (common/piece.h).
 *
 * With --method on-segment the pieces are the primary segments, numbered by their content, with gpfdist-url the URLs, and
 * with --receiver the receivers, in the order in which they were given. */
#ifndef GPM_HOSTS_H
#define GPM_HOSTS_H

#include "db.h"
#include "record.h"

struct err;
struct opts;
struct state;

struct hosts {
	struct rec_host *at;   /* what goes into the journal */
	size_t len;
	struct numbers pieces; /* of all of them */
};

/* hosts_of_segments(opts, db, out, e): the hosts that the catalog names, or those of --part.
 * hosts_of_urls(opts, db, out, e): the hosts in --gpfdist-url, or those of --part.
 * hosts_of_receivers(opts, db, out, e): the hosts in --receiver, or those of --part.
 * --part has to name every piece once. */
int hosts_of_segments(const struct opts *, struct db *, struct hosts *out, struct err *) GPM_NODISCARD;
int hosts_of_urls(const struct opts *, struct db *, struct hosts *out, struct err *) GPM_NODISCARD;
int hosts_of_receivers(const struct opts *, struct db *, struct hosts *out, struct err *) GPM_NODISCARD;
void hosts_release(struct hosts *); /* fine on a zeroed struct */

/* hosts_journal(h, state, e): a line each, of the moment under way. */
int hosts_journal(struct hosts *, struct state *, struct err *) GPM_NODISCARD;

#endif
