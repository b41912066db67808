/* session.h -- sessions at the destination. */
#ifndef GPM_SESSION_H
#define GPM_SESSION_H

#include "db.h"

struct err;
struct opts;

/* session_open(opts, run, role, out, e): every setting pinned (db_pin, UTF8); application_name
 * "gpm-import <run> <role>". */
int session_open(const struct opts *, const char *run, const char *role, struct db **out, struct err *) GPM_NODISCARD;

#endif
