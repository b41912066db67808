/* gpfdist_address.h -- this host as the segments of a Greenplum reach it. */
#ifndef GPM_GPFDIST_ADDRESS_H
#define GPM_GPFDIST_ADDRESS_H

#include "db.h"
#include "gpfdist_endpoint.h"

struct err;
struct opts;

/* gpfdist_place_tls(opts, place): its TLS as --tls-certificate, --tls-key and --tls-authority say; their files are OPTS'. */
void gpfdist_place_tls(const struct opts *, struct gpfdist_place *);

/* gpfdist_check_tls(opts, e): do their files do?  Before anything is begun. */
int gpfdist_check_tls(const struct opts *, struct err *) GPM_NODISCARD;

/* gpfdist_count_segments(db, n, e): how many segments read or write at once. */
int gpfdist_count_segments(struct db *, uint64_t *n, struct err *) GPM_NODISCARD;

/* gpfdist_own_address(db, e): the one that the coordinator sees us under: its segments are likely to reach it too.
 * Caller frees; NULL on error. */
char *gpfdist_own_address(struct db *, struct err *) GPM_NODISCARD;

/* gpfdist_split_address(text, host, port, e): of --listen: "host", "host:port", "[::1]:port"; PORT 0 when there is none.
 * Caller frees *HOST. */
int gpfdist_split_address(const char *text, char **host, unsigned *port, struct err *) GPM_NODISCARD;

#endif
