/* adapt_rules.h -- what is done to statements, one rule a row.  Shared by adapt*.c only. */
#ifndef GPM_ADAPT_RULES_H
#define GPM_ADAPT_RULES_H

#include "adapt_work.h"

struct adapt_rule;

/* What a rule does where it matches: tokens AT to END, that one not among them. */
typedef void adapt_fn(struct work *, const struct adapt_rule *, size_t at, size_t end);

struct adapt_rule {
	const char *name;
	unsigned to;           /* destinations that need it: OR of enum adapt_to */
	const char *head;      /* how the statement begins (work_match) */
	const char *part;      /* what is looked for behind that, outside parentheses; NULL: the head is all */
	adapt_fn *fn;
	const char *with;      /* for FN */
	const char *text;      /* what is listed */
};

extern const struct adapt_rule adapt_rules[];
extern const size_t adapt_nrules;

/* --- what several rules know, over the statements of a run --- */

/* The name at token I with what stands before it (its schema), in one spelling, without its last LESS parts; NULL when there is
 * none; the caller frees. */
char *adapt_full_name(const struct work *, size_t i, unsigned less) GPM_NODISCARD;

void adapt_add_gone(struct adapter *, const char *name);          /* it was passed over */
bool adapt_is_gone(const struct adapter *, const char *name);

/* A partitioned table, and its partitions as names for SQL (taken). */
struct adapt_root {
	char *name;
	bool inherits;         /* its partitions are tables that inherit from it */
	char **children;
	size_t nchildren;
};
struct adapt_root *adapt_add_root(struct adapter *, char *name);
const struct adapt_root *adapt_find_root(const struct adapter *, const char *name);

bool *adapt_with_oids(struct adapter *);                          /* what default_with_oids was set to */
enum adapt_to adapt_to(const struct adapter *);
const struct adapt_map *adapt_owners(const struct adapter *);
const struct adapt_map *adapt_tablespaces(const struct adapter *);

/* --- what rules do, by file --- */

adapt_fn storage_leave_out, storage_renew;                        /* adapt_storage.c */
adapt_fn columns_leave_out_encoding, columns_retype;              /* adapt_columns.c */
adapt_fn partitions_declare, partitions_keep;                     /* adapt_partitions.c */
adapt_fn names_owner, names_roles, names_tablespace;              /* adapt_names.c */

/* columns_find(w, name, type): the column NAME (as the server stores it) of CREATE TABLE; *TYPE is the first token
 * of its type, *END where the column ends. */
bool columns_find(const struct work *, const char *name, size_t *type, size_t *end);

/* storage_kept(w, open, out): the options of the parentheses at OPEN that are not Greenplum's, and those that are as
 * "(…)", or "" when there is none. */
void storage_kept(const struct work *, size_t open, struct buf *kept, struct buf *left_out);

#endif
