/* method.h -- how rows get into a table: the methods of load and plan. */
#ifndef GPM_METHOD_H
#define GPM_METHOD_H

#include "ahead.h"
#include "db.h"
#include "find.h"

struct err;
struct opts;

/* What a worker of load has. */
struct loader {
	const struct opts *opts;
	struct run *run;
	struct db *db;         /* NULL until it has its first share */
	struct ahead *ahead;
	void *engine;          /* what the method's start gave, or NULL; for all workers */
	bool again;            /* put failed by passing trouble between the server and us: the same once more may do */
};

struct method {
	const char *name;
	const char *listed;    /* the method that a run's header has to name for it; NULL: this one */
	bool by_batch;         /* a share is a whole batch: the server's segments share it out among themselves */
	bool whole;            /* it can only read whole batches */

	/* begin(opts, run, e): do the options say what the method needs, and can it name the run?  NULL: nothing is asked. */
	int (*begin)(const struct opts *, const struct run *, struct err *);

	/* check(db, e): may this user, and can this server?  Changes nothing.  NULL: nothing to ask. */
	int (*check)(struct db *, struct err *);

	/* prepare(db, e): what has to be there before the first row; once, after the schema.  NULL: nothing. */
	int (*prepare)(struct db *, struct err *);

	/* start(opts, db, engine, e): what runs as long as rows are loaded; once, after prepare.  ERR_FAILED: it cannot be had
	 * here, another method may do.  stop(engine).  NULL: nothing. */
	int (*start)(const struct opts *, struct db *, void **engine, struct err *);
	void (*stop)(void *engine);

	/* put(l, t, chunks, n, e): the rows of these chunks of one batch, in their order, with their lines in
	 * the ledger, in the transaction that is open in L's session, whose encoding is set; what the server
	 * took was counted.  NULL: by plan alone.  After -1 the transaction can only be rolled back. */
	int (*put)(struct loader *, const struct rec_table *, const struct rec_chunk *const *chunks, size_t n,
	    struct err *);
};

extern const struct method method_copy;     /* load_copy.c */
extern const struct method method_file_fdw; /* load_fdw.c */
extern const struct method method_web;      /* load_web.c */
extern const struct method method_gpfdist;  /* load_gpfdist.c */
extern const struct method method_s3;       /* load_s3.c */
extern const struct method method_oss_fdw, method_oss_ext, method_oss_copy, method_pxf; /* load_oss.c; all but the first by plan alone */

/* method_find(opts, run, e): --method; ERR_USAGE when there is no such, when RUN was not pushed for it, or options that
 * it needs are not there. */
const struct method *method_find(const struct opts *, const struct run *, struct err *) GPM_NODISCARD;

/* method_choose(opts, run, db, e): the same; without --method gpfdist where RUN, this server and this user allow it, else
 * copy. */
const struct method *method_choose(const struct opts *, const struct run *, struct db *, struct err *) GPM_NODISCARD;

#endif
