/* volume_sort.h -- keys in their order, however many there are: what does not fit into memory goes through a temporary file. */
#ifndef GPM_VOLUME_SORT_H
#define GPM_VOLUME_SORT_H

#include "store.h"

struct err;
struct volume_sort;

#define VOLUME_SORT_MEMORY ((size_t)16 << 20) /* of keys; some 4 MB come to it */

struct volume_sort *volume_sort_new(void) GPM_NODISCARD;
void volume_sort_free(struct volume_sort *); /* NULL is fine */

/* volume_sort_add(s, key, len, object, e): the LEN bytes of KEY, which may come several times. */
int volume_sort_add(struct volume_sort *, const char *key, size_t len, struct store_object, struct err *) GPM_NODISCARD;

/* volume_sort_each(s, fn, ctx, e): every key once, bytewise, a folder if it ends with '/'.  Once. */
int volume_sort_each(struct volume_sort *, store_list_fn *, void *ctx, struct err *) GPM_NODISCARD;

#endif
