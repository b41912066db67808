/* context.h -- what the parts of one push share. */
#ifndef GPM_CONTEXT_H
#define GPM_CONTEXT_H

#include <stdatomic.h>

#include "allowance.h"
#include "base.h"
#include "patience.h"
#include "progress.h"
#include "run_view.h"
#include "stage.h"
#include "store.h"
#include "stored.h"

struct opts;

struct push {
	struct store *store;
	struct spool *spool;
	struct spool_run *run;      /* the run under way */
	struct run_view view;
	struct stored *stored;
	struct compression how;     /* pinned in the run */
	struct progress *progress;
	struct allowance *allowance;
	unsigned jobs;
	struct sign_key *sign_key;  /* --sign-key, or NULL */
	struct master_key *master_key; /* --encrypt-key, or NULL */
	bool put_only;              /* --put-only: nothing is asked of the bucket */
	bool write_once;            /* --write-once: no object is replaced */
	bool keep;                  /* spool files stay */
	bool trust_response;        /* --after-put response: no HEAD after a put */
	bool claimed;               /* the run under way is ours (claim.h) */
	_Atomic time_t claim_due;   /* when it is looked at again, by clock_s() */
	bool in_group;              /* the run that was stored last is one of all databases' */
	const char *volumes;        /* folder of the spool: what has to be known of volumes between two disks */
	const char *part;           /* --host-part: whose pieces are stored; else NULL */
	const struct opts *opts;    /* --segment-dir */
	struct base *base;          /* --base: an earlier run, or NULL */
	atomic_uint_fast64_t based, based_bytes; /* chunks that it had; by all workers */
	struct patience *patience;  /* --follow: waits for what the export has yet to write; else NULL */
};

/* push_key(p, key): "<run>/<key>", where the store keeps it; the caller frees. */
char *push_key(const struct push *, const char *key) GPM_NODISCARD;

#endif
