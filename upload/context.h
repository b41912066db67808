/* context.h -- what the parts of one push share. */
#ifndef GPM_CONTEXT_H
#define GPM_CONTEXT_H

#include "progress.h"
#include "run_view.h"
#include "stage.h"
#include "store.h"
#include "stored.h"

struct push {
	struct store *store;
	struct spool_run *run;      /* the run under way */
	struct run_view view;
	struct stored *stored;
	struct compression how;     /* pinned in the run */
	struct progress *progress;
	unsigned jobs;
	bool keep;                  /* spool files stay */
	bool trust_response;        /* --after-put response: no HEAD after a put */
};

/* push_key(p, key): "<run>/<key>", where the store keeps it; the caller frees. */
char *push_key(const struct push *, const char *key) GPM_NODISCARD;

#endif
