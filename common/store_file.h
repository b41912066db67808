/* store_file.h -- what the two halves of the folder driver share: store_file.c and store_file_list.c. */
#ifndef GPM_STORE_FILE_H
#define GPM_STORE_FILE_H

#include "store.h"

struct file_store {
	struct store store;
	char *path;
	int root;
};

#define STORE_FILE_TEMPORARY ".gpm-" /* how the names of unfinished files begin */
bool store_file_is_temporary(const char *name);

/* store_file_folder(s, key, len, make): the folder that is the first LEN bytes of KEY, the root when
 * LEN is 0; no symbolic link is followed.  -1 and errno. */
int store_file_folder(const struct file_store *, const char *key, size_t len, bool make) GPM_NODISCARD;

/* store_file_absent(): errno says that there is nothing of that name, or that a link or a file is in
 * the way to it. */
bool store_file_absent(void);

/* store_file_fail(s, verb, key, e): "cannot VERB '<path>/<key>': <errno's text>".  Returns -1. */
int store_file_fail(const struct file_store *, const char *verb, const char *key, struct err *);

int store_file_list(struct store *, const char *prefix, int flags, store_list_fn *, void *ctx, struct err *) GPM_NODISCARD;

#endif
