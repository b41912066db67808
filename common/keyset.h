/* keyset.h -- a set of object keys, 16 bytes each whatever their length. */
#ifndef GPM_KEYSET_H
#define GPM_KEYSET_H

struct keyset;

/* Keys are kept as XXH3-128: two of a run's keys have the same hash with probability below 2^-80. */
struct keyset *keyset_new(void) GPM_NODISCARD;
void keyset_free(struct keyset *); /* NULL is fine */
void keyset_add(struct keyset *, const char *key);
bool keyset_has(const struct keyset *, const char *key);

#endif
