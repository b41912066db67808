/* cat_command.h -- the command line of gpm-import cat, for programs that a server or psql starts. */
#ifndef GPM_CAT_COMMAND_H
#define GPM_CAT_COMMAND_H

#include "find.h"

struct err;
struct opts;

/* cat_command(opts, run, table, first, last, e): for sh: the chunks FIRST … LAST of one batch of the table with that
 * number.  --program, or else this program by its absolute path.  No secret is in it: who runs it finds
 * its own key to the bucket.  The caller frees; NULL on error. */
char *cat_command(const struct opts *, const struct run *, uint64_t table, const struct rec_chunk *first,
    const struct rec_chunk *last, struct err *) GPM_NODISCARD;

/* cat_command_shards: the same for the shell that a segment of Greenplum starts: its own share of them.  The libraries that
 * Greenplum has its own programs find are not for this one. */
char *cat_command_shards(const struct opts *, const struct run *, uint64_t table, const struct rec_chunk *first,
    const struct rec_chunk *last, struct err *) GPM_NODISCARD;

#endif
