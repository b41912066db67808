/* preflight_push.c -- gpm-push preflight: does the bucket do what is needed? */
#include "prelude.h"

#include "buf.h"
#include "crypt.h"
#include "err.h"
#include "opt.h"
#include "preflight.h"
#include "preflight_push.h"
#include "runid.h"
#include "sign.h"
#include "store.h"
#include "store_opts.h"

#define PROBE_SIZE ((size_t)1 << 20)
#define CLOCK_WARN 60 /* seconds */

struct probing {
	struct preflight *list;
	struct store *store;
	char *folder, *key;
	char *bytes;
	bool listed;
};

static bool
probe_put(struct probing *p)
{
	struct store_body body = { .data = p->bytes, .fd = -1, .len = PROBE_SIZE };
	struct err e;

	if (store_put(p->store, p->key, &body, &e) < 0) {
		preflight_fail(p->list, &e);
		return false;
	}
	preflight_ok(p->list, "an object can be put: '%s'", p->key);
	return true;
}

/* When the put has failed for the clock's sake, PUT_DONE false, that was said already. */
static void
probe_clock(struct probing *p, bool put_done)
{
	struct err e;
	int64_t ahead, off;

	if (store_clock_skew(p->store, &ahead) == 0)
		return;
	off = ahead < 0 ? -ahead : ahead;
	if (off <= CLOCK_WARN) {
		preflight_ok(p->list, "the clocks agree within %lld s", (long long)off + 1);
	} else if (off <= STORE_CLOCK_SKEW_MAX) {
		preflight_warn(p->list, "this machine's clock is %lld seconds %s the server's, which refuses more than %d seconds",
		    (long long)off, ahead < 0 ? "behind" : "ahead of", STORE_CLOCK_SKEW_MAX);
	} else if (put_done) {
		err_set(&e, ERR_FAILED, "this machine's clock is %lld seconds %s the server's", (long long)off,
		    ahead < 0 ? "behind" : "ahead of");
		err_hint(&e, "set it: S3 servers refuse more than %d seconds", STORE_CLOCK_SKEW_MAX);
		preflight_fail(p->list, &e);
	}
}

static void
probe_head(struct probing *p)
{
	struct store_object there;
	struct err e;
	int rc = store_head(p->store, p->key, &there, &e);

	if (rc == 0 || (rc > 0 && there.size != PROBE_SIZE))
		rc = err_set(&e, ERR_FAILED, "the object is not there as it was put");
	if (rc < 0) {
		err_hint(&e, "--after-put response does without it");
		preflight_fail(p->list, &e);
	} else {
		preflight_ok(p->list, "its size can be asked for");
	}
}

static void
probe_get(struct probing *p)
{
	struct buf got;
	struct err e;
	int rc;

	buf_init(&got, PROBE_SIZE);
	rc = store_get_buf(p->store, p->key, &got, &e);
	if (rc == 0 || (rc > 0 && (got.len != PROBE_SIZE || memcmp(got.data, p->bytes, PROBE_SIZE) != 0)))
		rc = err_set(&e, ERR_FAILED, "what is read is not what was put");
	if (rc < 0)
		preflight_fail(p->list, &e);
	else
		preflight_ok(p->list, "it can be read, the same bytes");
	buf_release(&got);
}

static int
see(void *ctx, const char *key, bool is_folder, const struct store_object *object, struct err *e)
{
	struct probing *p = ctx;

	(void)is_folder;
	(void)object;
	(void)e; /* cannot fail */
	p->listed = p->listed || strcmp(key, p->key) == 0;
	return 0;
}

static void
probe_list(struct probing *p)
{
	struct err e;
	int rc = store_list(p->store, p->folder, STORE_LIST_RECURSIVE, see, p, &e);

	if (rc >= 0 && !p->listed)
		rc = err_set(&e, ERR_FAILED, "the list does not show the object");
	if (rc < 0)
		preflight_fail(p->list, &e);
	else
		preflight_ok(p->list, "it is listed");
}

/* Nothing depends on it, so a store without it is told of and no more. */
static void
probe_create(struct probing *p)
{
	char *key = mem_printf("%screated", p->folder);
	struct err e;
	int rc = store_can_create(p->store, key, &e);

	if (rc > 0)
		preflight_ok(p->list, "an object can be created only where none is");
	else if (rc == 0)
		preflight_warn(p->list, "the store does not know how to create an object only where none is; it would be replaced");
	else
		preflight_warn(p->list, "whether an object can be created only where none is, is unknown: %s", e.text);
	free(key);
}

static void
probe_remove(struct probing *p)
{
	struct err e;

	if (store_remove(p->store, p->key, &e) >= 0)
		preflight_ok(p->list, "it can be removed");
	else
		preflight_warn(p->list, "it cannot be removed, and stays: %s", e.text);
}

static int
probe_all(struct probing *p, struct err *e)
{
	char id[RUNID_LEN + 1];
	bool put_done;

	if (runid_new(NULL, id, e) < 0)
		return -1;
	p->folder = mem_printf("gpm-preflight-%s/", id);
	p->key = mem_printf("%sprobe", p->folder);
	p->bytes = mem_alloc(PROBE_SIZE);
	for (size_t i = 0; i < PROBE_SIZE; i++)
		p->bytes[i] = (char)(i * 31 + i / 251);
	put_done = probe_put(p);
	probe_clock(p, put_done);
	if (put_done) {
		probe_head(p);
		probe_get(p);
		probe_list(p);
		probe_create(p);
		probe_remove(p);
	}
	free(p->folder);
	free(p->key);
	free(p->bytes);
	return 0;
}

static void
look_at_keys(struct preflight *list, const struct opts *opts)
{
	const char *sign = opt_string(opts, OPT_ID_sign_key), *encrypt = opt_string(opts, OPT_ID_encrypt_key);
	struct sign_key *sign_key = NULL;
	struct master_key *master_key = NULL;
	struct err e;

	if (sign != NULL && sign_key_load(sign, &sign_key, &e) < 0)
		preflight_fail(list, &e);
	else if (sign != NULL)
		preflight_ok(list, "runs can be signed, by key %s", sign_key_name(sign_key));
	if (encrypt != NULL && master_key_load(encrypt, &master_key, &e) < 0)
		preflight_fail(list, &e);
	else if (encrypt != NULL)
		preflight_ok(list, "runs can be encrypted, by master key %s", master_key_id(master_key));
	sign_key_free(sign_key);
	master_key_free(master_key);
}

int
preflight_push(const struct opts *opts, struct err *e)
{
	struct probing p = { .list = preflight_new() };
	struct store_settings settings;
	int rc = 0;

	if (opt_require(opts, OPT_ID_to, e) < 0)
		rc = -1;
	else if (store_open(opt_string(opts, OPT_ID_to), false, store_settings_from_opts(opts, &settings), &p.store, e) < 0)
		preflight_fail(p.list, e);
	else
		rc = probe_all(&p, e);
	look_at_keys(p.list, opts);
	store_close(p.store);
	if (rc < 0) {
		preflight_free(p.list);
		return -1;
	}
	return preflight_end(p.list, e);
}
