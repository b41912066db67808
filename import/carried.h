/* carried.h -- which settings and memberships of a run go along to the destination: the text comes out of a bucket. */
#ifndef GPM_CARRIED_H
#define GPM_CARRIED_H

#include "db.h"

struct err;
struct work;

/* carried_name(w, i): the setting that ALTER … SET is about, SET being token I: "work_mem", "my.own"; NULL when none is named.  The caller frees. */
char *carried_name(const struct work *, size_t i) GPM_NODISCARD;

/* carried_setting(name): NULL when what was set for a database or a role may be set here; else what it would do: load code into sessions, act as somebody else,
 * switch off what protects data, or keep a load from being gone on with. */
const char *carried_setting(const char *name);

/* carried_group(db, role, carried, e): may who is made here become a member of ROLE, which is here?  Not when ROLE is one of the server's own, or may do, or
 * become somebody who may do, what no run gives anybody (role_settings.h). */
int carried_group(struct db *, const char *role, bool *carried, struct err *) GPM_NODISCARD;

#endif
