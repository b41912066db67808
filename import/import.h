/* import.h -- the commands of gpm-import. */
#ifndef GPM_IMPORT_H
#define GPM_IMPORT_H

struct err;
struct opts;
struct store;

/* import_list: the runs of the bucket and their state, on stdout. */
int import_list(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

/* import_verify: objects against manifests; ERR_DIFFERS when anything is not as it was written. */
int import_verify(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

/* import_load: a run into the destination, exactly once, and the verdict. */
int import_load(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

/* import_check: what was loaded against the manifests, by --verify count or content; changes nothing. */
int import_check(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

/* import_preflight: what this destination lacks for the run; changes nothing. */
int import_preflight(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

#endif
