/* account.h -- everything that a report tells: a run, and what became of it at the destination. */
#ifndef GPM_ACCOUNT_H
#define GPM_ACCOUNT_H

#include "business_check.h"
#include "find.h"
#include "verdict.h"

struct err;
struct opts;

struct account_table {
	char *schema, *name;
	char *state, *trouble;      /* as in struct verdict_line */
	bool good;
	uint64_t rows, plain_bytes, stored_bytes, chunks;
	char *exported;             /* when its rows were out; NULL: not known */
	char manifest_sha256[65];   /* "" for none */
};

/* A business check. */
struct account_check {
	char *name, *tolerance, *trouble; /* as in struct business_line */
	bool good;
	uint64_t rows, differing;
	struct account_cell {
		uint64_t row;
		char *column, *source, *here;
	} *cells;
	size_t ncells;
};

/* A relation that was not carried. */
struct account_left {
	char *schema, *name, *kind, *reason;
};

/* How far the work was at a moment. */
struct account_point {
	uint64_t second;            /* since 1970 */
	uint64_t sum;               /* of bytes, or rows, until then */
};

struct account_points {
	struct account_point *at;   /* by second */
	size_t len;
};

struct account {
	const struct run *run;
	const char *from;           /* the bucket's URL */
	char *database, *server;    /* of the destination: its name and version() */
	const char *level;          /* --verify */
	char *made;                 /* when */
	bool good;
	char *verdict;              /* a sentence */
	struct account_table *tables;
	size_t ntables;
	struct account_check *checks;
	size_t nchecks, bad_checks;
	struct account_left *left;
	size_t nleft;
	struct account_points exported, loaded; /* bytes; rows */
	struct account_over {
		char *schema, *name, *run;
	} *over;                    /* tables here that an earlier run loaded and this one does not have */
	size_t nover;
	char **failures;            /* schema statements that failed here: where, what, why */
	size_t nfailures;
	char *steps;                /* schema statements and other steps that the ledger names; NULL: no ledger */
	uint64_t plain_bytes, stored_bytes;
};

/* account_begin(a, opts, run); then business checks tell theirs to account_check (business_tell_fn), a verdict to account_take (verdict_tell_fn);
 * CTX is the account;
 * account_end(a, opts, run, good, e): whether the verdict was a good one, and what the run and the destination's ledger have to say. */
void account_begin(struct account *, const struct opts *, struct run *);
void account_check(void *account, const struct business_line *);
void account_take(void *account, const struct verdict_line *);
int account_end(struct account *, const struct opts *, struct run *, bool good, struct err *) GPM_NODISCARD;
void account_release(struct account *);

/* account_write_page(a, path, e): the page below as a file, which is replaced. */
int account_write_page(const struct account *, const char *path, struct err *) GPM_NODISCARD;

/* account_page(a, out): one HTML page that needs no other file and no network.  Appended. */
void account_page(const struct account *, struct buf *out);

/* account_json(a): the same for programs; new reference. */
json_t *account_json(const struct account *) GPM_NODISCARD;

#endif
