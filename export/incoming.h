/* incoming.h -- the folder of `gpm-export receive`: files of pieces (common/piece.h), which gpm-push --host-part takes from
 * there. */
#ifndef GPM_INCOMING_H
#define GPM_INCOMING_H

struct err;
struct incoming;
struct opts;

/* incoming_open(opts, wait, out, e): the folder that --segment-dir names, made when it is missing.  Files of pieces in it take
 * no more than --spool-limit, and 5 % of its disk stay free; who finds no room waits up to WAIT seconds. */
int incoming_open(const struct opts *, unsigned wait, struct incoming **out, struct err *) GPM_NODISCARD;
void incoming_close(struct incoming *); /* NULL is fine */

/* What a name of a piece says: of which table of which run, and which try. */
struct incoming_name {
	char run[32];
	uint64_t table, attempt, piece;
};
bool incoming_parse(const char *name, struct incoming_name *out);

/* incoming_create(d, name, e): an empty file, durable.  1; 0: it is there already; -1. */
int incoming_create(struct incoming *, const char *name, struct err *) GPM_NODISCARD;

/* incoming_append(d, name, data, len, e): whole rows.  incoming_sync(d, name, e): what was appended is safe. */
int incoming_append(struct incoming *, const char *name, const char *data, size_t len, struct err *) GPM_NODISCARD;
int incoming_sync(struct incoming *, const char *name, struct err *) GPM_NODISCARD;

/* incoming_remove_older(d, name): files of the same table and piece that earlier tries left. */
void incoming_remove_older(struct incoming *, const char *name);

#endif
