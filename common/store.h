/* store.h -- a place that holds objects: a folder (file://), a bucket (s3://) or disks that are carried (volume://).
 *
 * Keys are relative to the URL's prefix, '/' between components, and must pass store_key_check.
 * Absent, corrupt and failed are three things: absent is a return of 0, failed is -1.
 * A store may be used by many threads at once. */
#ifndef GPM_STORE_H
#define GPM_STORE_H

#include "credentials.h"

struct err;
struct store;

struct store_object {
	uint64_t size;
	bool strange; /* only from a list: no key of ours, see store_list */
	bool hashed;  /* the store keeps books: SHA-256 of what was put, as they say */
	unsigned char sha256[32];
};

/* What is put: LEN bytes of memory, or when DATA is NULL the LEN bytes of FD from offset 0 (read
 * by pread, so that a put can be repeated). */
struct store_body {
	const void *data;
	int fd;
	uint64_t len;
};

typedef int store_sink_fn(void *ctx, const void *data, size_t len, struct err *);
/* KEY without the store's prefix; IS_FOLDER for a common prefix (ends with '/'), size 0 then. */
typedef int store_list_fn(void *ctx, const char *key, bool is_folder, const struct store_object *, struct err *);

/* How to reach a bucket.  NULL stands for the default of each; see options.def. */
struct store_settings {
	const char *endpoint_url; /* "https://host:port"; default: AWS in that region */
	const char *region;
	const char *s3_style;     /* "path" or "virtual" */
	const char *s3_signature; /* "v4" or "v2" */
	bool allow_unverified_tls; /* v2: what is put may go over TLS whose certificate nobody looks at */
	const char *client_certificate, *client_key; /* PEM files, both or none */
	const char *storage_class, *sse, *acl, *tags; /* of what is put */
	struct credentials_given credentials; /* of a private gpm.conf; used when there are no others */
	uint64_t give_up_ms;      /* CLOCK_MONOTONIC: no further try is waited for after it; 0: no such time */
	uint64_t retry_seconds;   /* how long temporary trouble of one request is borne with; 0: 5 minutes */
	uint64_t retry_total_seconds; /* of all requests together, side by side or not; 0: any time */
	const uint64_t *volumes_lost; /* volume://: numbers of volumes whose content is not counted on */
	size_t nvolumes_lost;
	const char *volume_state; /* volume://: folder of what has to be known between two disks, see store_volume.h; NULL: the first disk */
	uint64_t slow_rate, slow_seconds; /* a transfer of fewer bytes a second for so long is trouble; 0: 1, 60 */
};

/* store_open(url, create, settings, out, e): slashes at the end mean nothing.
 *   file:///absolute/path   other bytes as %XX; the folder must exist (with CREATE its last component
 *                           is made), else ERR_FAILED
 *   s3://bucket/prefix      the prefix is a key's beginning, nothing in it is decoded.  The server is
 *                           not asked yet: that the bucket is missing the first call finds.
 *   volume:///path,/path?size=SIZE  folders that hold volumes, each component as in file://; new ones get SIZE
 *                           bytes at most.  See store_volume.h for what is different there.
 * SETTINGS may be NULL and is not kept.  ERR_USAGE for a URL or a setting that it cannot read. */
int store_open(const char *url, bool create, const struct store_settings *, struct store **out, struct err *) GPM_NODISCARD;
void store_close(struct store *); /* NULL is fine */

/* store_set_throttle(s, t): what is put goes no faster than T allows, which must outlive S; NULL: as fast as it can. */
struct throttle;
void store_set_throttle(struct store *, struct throttle *);
const char *store_url(const struct store *); /* as given; never holds a secret */

/* store_put: durable and whole when it returns 0; an object of that key is replaced; a reader sees
 * the old or the new one, never a part.  Puts of one key at the same time: one of them wins.  (With Signature V2 each of
 * them is tried again until it finds what it has put.) */
int store_put(struct store *, const char *key, const struct store_body *, struct err *) GPM_NODISCARD;

/* store_create: as store_put, but only where nothing is.  1: it is there, and ours.  0: something has that
 * name, and stays as it is.  -1.  When an answer was lost on its way, what is there is read: the same
 * bytes are taken for ours, so two creators who have to be told apart put something of their own into
 * the body, such as a run id.
 * Only for a store that store_can_create approves of: another one replaces what is there and says 1, or
 * refuses with ERR_FAILED. */
int store_create(struct store *, const char *key, const struct store_body *, struct err *) GPM_NODISCARD;

/* store_can_create(s, key, e): does the store know how to?  Found out by trying: KEY must be absent, and
 * is removed again (it stays when the credentials may not remove).  1, 0 no, -1. */
int store_can_create(struct store *, const char *key, struct err *) GPM_NODISCARD;

/* store_head: 1 and *OUT, 0 absent, -1. */
int store_head(struct store *, const char *key, struct store_object *out, struct err *) GPM_NODISCARD;

/* store_get: bytes from OFFSET on, LEN of them or all when LEN is 0, into the sink.  1, 0 absent
 * (sink not called), -1 (also when the object ends before OFFSET + LEN, or the sink failed). */
int store_get(struct store *, const char *key, uint64_t offset, uint64_t len, store_sink_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* store_get_buf: the whole object appended to B (its limit holds).  1, 0, -1. */
struct buf;
int store_get_buf(struct store *, const char *key, struct buf *, struct err *) GPM_NODISCARD;

/* store_holds(s, key, body, e): are BODY's bytes what is stored there?  They are read.  1, 0 (also when nothing is), -1. */
int store_holds(struct store *, const char *key, const struct store_body *body, struct err *) GPM_NODISCARD;

/* store_list: objects whose key begins with PREFIX ("" or ending with '/'), sorted bytewise; with
 * RECURSIVE all below it, without the objects and folders directly in it.  A prefix with nothing
 * below it is an empty list.  Temporary files of an unfinished put are listed only with
 * TEMPORARIES; store_remove takes their keys.  FN may put and remove.
 *
 * What others laid into the place is listed too, and flagged "strange": what has a name that is no
 * key, and what is neither object nor folder (a symbolic link, a socket).  In the name of the first
 * kind '%' and every byte that no key may hold are written as %XX.  "a b" and "a%20b" therefore
 * both come as "a%20b", and only the second is an object: never take a strange one for the object
 * of that key.  A folder whose path is longer than a key is listed as one strange folder.  In a bucket
 * an object whose key ends with '/' is listed with "%2F" there; a bucket has no temporaries, and its
 * strange keys are in their order only among each thousand. */
enum store_list_flags { STORE_LIST_RECURSIVE = 1, STORE_LIST_TEMPORARIES = 2 };
int store_list(struct store *, const char *prefix, int flags, store_list_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* store_remove: 1 removed, 0 was absent, -1.  Folders that become empty go as well. */
int store_remove(struct store *, const char *key, struct err *) GPM_NODISCARD;

/* store_clock_skew(s, ahead): 1 and by how many seconds this machine's clock is ahead of the store's
 * (negative: behind), by its last answer; 0 when that is unknown: nothing was asked of it yet, or it has
 * no clock, as a folder.  Exact to a second and the time that an answer is on its way. */
int store_clock_skew(struct store *, int64_t *ahead) GPM_NODISCARD;
#define STORE_CLOCK_SKEW_MAX 900 /* S3 refuses requests of clocks that are further off */

/* store_finish(s, prefix): nothing more will be put below PREFIX for now ("run/", or "" for all): whatever the store still has open there is
 * completed, so that others can read it.  A store that is not carried has nothing to do. */
int store_finish(struct store *, const char *prefix, struct err *) GPM_NODISCARD;

/* store_knows(s, key, size, sha256): is it certain, without reading it, that these bytes were stored?  They may be on a disk that is
 * not here.  1, 0 (also when the store keeps no such books), -1. */
int store_knows(struct store *, const char *key, uint64_t size, const unsigned char sha256[32], struct err *) GPM_NODISCARD;

/* store_is_carried(url): volume://, which may lie under another path at each start.
 * store_same_place(a, b): may a push that began at one URL go on at the other? */
bool store_is_carried(const char *url);
bool store_same_place(const char *a, const char *b);

#define STORE_KEY_MAX 1024

/* store_key_check(key, e): keys come out of manifests and listings and are hostile: 1..1024 bytes
 * of [A-Za-z0-9._%=+-] and '/', no empty, "." or ".." component, no leading '/'. -1: ERR_DIFFERS. */
int store_key_check(const char *key, struct err *) GPM_NODISCARD;

/* --- for implementers --- */

/* store_key_encode(name): NAME as it is listed, and whether that took any encoding. */
char *store_key_encode(const char *name, bool *encoded) GPM_NODISCARD;

/* store_body_each(body, throttle, fn, ctx, e), in store_body.c: all of BODY in its order, in pieces of 1 MB at most, no faster than THROTTLE lets them
 * (NULL: nothing holds them up). */
int store_body_each(const struct store_body *, struct throttle *, store_sink_fn *, void *ctx, struct err *) GPM_NODISCARD;

struct store_ops { /* keys and prefixes were checked */
	int (*put)(struct store *, const char *, const struct store_body *, struct err *);
	/* STORE_CANNOT: the place knows no such thing, and nothing was put. */
	int (*create)(struct store *, const char *, const struct store_body *, struct err *);
	int (*head)(struct store *, const char *, struct store_object *, struct err *);
	int (*get)(struct store *, const char *, uint64_t, uint64_t, store_sink_fn *, void *, struct err *);
	int (*list)(struct store *, const char *, int, store_list_fn *, void *, struct err *);
	int (*remove)(struct store *, const char *, struct err *);
	int (*clock_skew)(struct store *, int64_t *); /* NULL: always unknown */
	int (*finish)(struct store *, const char *, struct err *); /* NULL: there is nothing to do */
	int (*knows)(struct store *, const char *, uint64_t, const unsigned char *, struct err *); /* NULL: nothing is */
	void (*free)(struct store *);
};
#define STORE_CANNOT 2
struct store {
	const struct store_ops *ops;
	char *url; /* store.c's own; the driver leaves it NULL */
	struct throttle *throttle; /* set by store.c, asked by the driver */
};

/* store_path_decode(url, text, len, e): LEN bytes of TEXT, an absolute path in URL, their %XX decoded, no slash at the end.  The
 * caller frees; NULL: ERR_USAGE. */
char *store_path_decode(const char *url, const char *text, size_t len, struct err *) GPM_NODISCARD;

/* store_file_open(path, …): the folder PATH as a store. */
int store_file_open(const char *path, bool create, struct store **out, struct err *) GPM_NODISCARD;

/* store_s3_open(rest, …): what stands behind "s3://" as a store. */
int store_s3_open(const char *rest, const struct store_settings *, struct store **out, struct err *) GPM_NODISCARD;

/* store_volume_open(url, …): all of a volume:// URL. */
int store_volume_open(const char *url, const struct store_settings *, struct store **out, struct err *) GPM_NODISCARD;

#endif
