/* source_rights.h -- what the exporting user must be allowed at the source. */
#ifndef GPM_SOURCE_RIGHTS_H
#define GPM_SOURCE_RIGHTS_H

struct catalog;
struct db;
struct err;
struct opts;

enum source_right {
	RIGHT_TABLES,    /* read them, which pg_dump's locks need as well */
	RIGHT_ROOTS,     /* partitioned tables, for those locks alone */
	RIGHT_SEQUENCES,
	RIGHT_FREEZE,
	RIGHT_ALL_ROWS,  /* without it single tables fail, and the rest goes on */
	RIGHTS,
};

/* source_rights_need(right, opts): by what the options ask for. */
bool source_rights_need(enum source_right, const struct opts *);

/* source_rights_check(right, catalog, db, condition, e): 0, or -1 with how many relations it is missing for, and the name of one. */
int source_rights_check(enum source_right, const struct catalog *, struct db *, const char *condition, struct err *) GPM_NODISCARD;

/* source_rights_check_all(opts, catalog, db, condition, e): all without which nothing comes out. */
int source_rights_check_all(const struct opts *, const struct catalog *, struct db *, const char *condition, struct err *) GPM_NODISCARD;

#endif
