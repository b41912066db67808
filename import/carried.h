/* carried.h -- which settings of a run go along to the destination: the text comes out of a bucket. */
#ifndef GPM_CARRIED_H
#define GPM_CARRIED_H

struct work;

/* carried_name(w, i): the setting that ALTER … SET is about, SET being token I: "work_mem", "my.own"; NULL when none is named.  The caller frees. */
char *carried_name(const struct work *, size_t i) GPM_NODISCARD;

/* carried_setting(name): NULL when what was set for a database or a role may be set here; else what it would do: load code into sessions, act as somebody else,
 * switch off what protects data, or keep a load from being gone on with. */
const char *carried_setting(const char *name);

#endif
