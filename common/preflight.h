/* preflight.h -- looking before leaping: a list of checks, a line each on stdout.
 *
 *   ok       the server is PostgreSQL 15.18, database shop
 *   warning  2 foreign tables will be passed over
 *   FAILED   pg_dump is of version 13, older than the server (15)
 *            install the client of the server's version
 */
#ifndef GPM_PREFLIGHT_H
#define GPM_PREFLIGHT_H

struct err;
struct preflight;

struct preflight *preflight_new(void) GPM_NODISCARD;
void preflight_free(struct preflight *); /* NULL is fine */

void preflight_ok(struct preflight *, const char *fmt, ...) GPM_PRINTF(2, 3);
void preflight_warn(struct preflight *, const char *fmt, ...) GPM_PRINTF(2, 3);
void preflight_fail(struct preflight *, const struct err *); /* its text, and its hint below */

/* preflight_end(p, e): 0, or -1 with ERR_FAILED and the number of failed checks.  Frees P. */
int preflight_end(struct preflight *, struct err *) GPM_NODISCARD;

#endif
