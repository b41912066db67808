/* manifests.h -- the manifests of a run's tables: stored by all workers at once, before the root manifest names
 * them. */
#ifndef GPM_MANIFESTS_H
#define GPM_MANIFESTS_H

#include "context.h"
#include "manifest.h"

struct err;

struct table_stored {
	bool is_stored;         /* the table is listed and its newest attempt is finished */
	uint64_t data_bytes;    /* of its objects */
	struct file_hash hash;  /* of its manifest */
};

/* manifests_key(t): where the manifest of T is below the run; the caller frees. */
char *manifests_key(const struct view_table *) GPM_NODISCARD;

/* manifests_store(p, export, stored, e): write and put the manifest of every table that counts, --jobs at a time, its
 * sums compared with the export's (whose journal EXPORT reads), then see that the store has them all.
 * STORED, one for each of the view's tables, is filled.  About 80 bytes of memory a table. */
int manifests_store(struct push *, struct journal *export, struct table_stored *stored, struct err *) GPM_NODISCARD;

#endif
