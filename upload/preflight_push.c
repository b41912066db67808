/* preflight_push.c -- gpm-push preflight: does the bucket do what is needed? */
#include "prelude.h"

#include "buf.h"
#include "err.h"
#include "opt.h"
#include "preflight.h"
#include "preflight_push.h"
#include "runid.h"
#include "store.h"
#include "store_opts.h"

#define PROBE_SIZE ((size_t)1 << 20)

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

	if (runid_new(id, e) < 0)
		return -1;
	p->folder = mem_printf("gpm-preflight-%s/", id);
	p->key = mem_printf("%sprobe", p->folder);
	p->bytes = mem_alloc(PROBE_SIZE);
	for (size_t i = 0; i < PROBE_SIZE; i++)
		p->bytes[i] = (char)(i * 31 + i / 251);
	if (probe_put(p)) {
		probe_head(p);
		probe_get(p);
		probe_list(p);
		probe_remove(p);
	}
	free(p->folder);
	free(p->key);
	free(p->bytes);
	return 0;
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
	store_close(p.store);
	if (rc < 0) {
		preflight_free(p.list);
		return -1;
	}
	return preflight_end(p.list, e);
}
