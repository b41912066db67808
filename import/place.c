/* place.c -- where a batch lies in a bucket, for databases that read buckets themselves. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "opt.h"
#include "place.h"
#include "store_opts.h"

#define SCHEME "s3://"

static int
find_bucket(const char *url, struct place *p, struct err *e)
{
	const char *bucket, *prefix;
	size_t len;

	if (strncmp(url, SCHEME, strlen(SCHEME)) != 0) {
		err_set(e, ERR_USAGE, "'%.200s' is no bucket that a database could read itself", url);
		return err_hint(e, "--from s3://BUCKET/PREFIX, or another --method");
	}
	bucket = url + strlen(SCHEME);
	len = strcspn(bucket, "/");
	prefix = bucket + len + strspn(bucket + len, "/");
	p->bucket = mem_strn(bucket, len);
	len = strlen(prefix);
	while (len > 0 && prefix[len - 1] == '/')
		len--;
	p->prefix = mem_strn(prefix, len);
	if (len == 0)
		return 0;
	if (store_key_check(p->prefix, e) < 0) {
		err_set(e, ERR_USAGE, "the prefix in '%.200s' holds bytes that may mean something else to the database", url);
		return err_hint(e, "use another --method: copy reads it");
	}
	free(p->prefix);
	p->prefix = mem_printf("%.*s/", (int)len, prefix);
	return 0;
}

/* "https://host:port/" is host:port. */
static int
find_server(const struct opts *opts, struct place *p, struct err *e)
{
	const char *given = opt_string(opts, OPT_ID_server_endpoint), *host, *after;
	struct store_settings settings;

	store_settings_from_opts(opts, &settings);
	p->region = mem_str(settings.region != NULL ? settings.region : "us-east-1");
	if (given == NULL)
		given = settings.endpoint_url;
	if (given == NULL) {
		p->tls = true;
		p->server = mem_printf("s3.%s.amazonaws.com", p->region);
		return 0;
	}
	after = strstr(given, "://");
	p->tls = strncmp(given, "http://", 7) != 0;
	host = after != NULL ? after + 3 : given;
	p->server = mem_strn(host, strcspn(host, "/"));
	if (p->server[0] == '\0' || p->server[strspn(p->server,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]")] != '\0')
		return err_set(e, ERR_USAGE, "'%.100s' is no HOST[:PORT]", given);
	return 0;
}

int
place_find(const struct opts *opts, const struct run *run, struct place *out, struct err *e)
{
	*out = (struct place){ .tls = false };
	if (run->push.bases.len > 0) {
		err_set(e, ERR_USAGE, "run %s names objects of earlier runs (gpm-push --base): a database that reads folders itself cannot load it", run->id);
		return err_hint(e, "another --method: copy reads it");
	}
	if (find_bucket(store_url(run->store), out, e) == 0 && find_server(opts, out, e) == 0)
		return 0;
	place_release(out);
	return -1;
}

void
place_release(struct place *p)
{
	free(p->server);
	free(p->region);
	free(p->bucket);
	free(p->prefix);
	*p = (struct place){ .tls = false };
}

/* Up to the last '/' of a key, which has one. */
static size_t
folder_len(const char *key)
{
	const char *slash = strrchr(key, '/');

	return slash != NULL ? (size_t)(slash - key) + 1 : 0;
}

char *
place_folder(const struct place *p, const struct run *run, const struct rec_chunk *chunk)
{
	return mem_printf("%s%s/%.*s", p->prefix, run->id, (int)folder_len(chunk->key), chunk->key);
}

/* --- the folder against the manifest --------------------------------------------------------- */

struct comparison {
	const struct run *run;
	const struct rec_chunk *const *chunks;
	size_t n, at;
};

static int
see_object(void *ctx, const char *key, bool is_folder, const struct store_object *o, struct err *e)
{
	struct comparison *c = ctx;
	char *want;
	int order;

	(void)is_folder; /* the list has none */
	if (c->at == c->n || o->strange) {
		err_set(e, ERR_DIFFERS, "'%.300s' is in the folder of a batch, and not in its manifest", key);
		return err_hint(e, "the database would read it as well: remove it, or use --method copy");
	}
	want = run_key(c->run, c->chunks[c->at]->key);
	order = strcmp(key, want);
	if (order > 0)
		err_set(e, ERR_DIFFERS, "'%s' is missing", want);
	else if (order < 0)
		err_set(e, ERR_DIFFERS, "'%.300s' is in the folder of a batch, and not in its manifest", key);
	else if (o->size != c->chunks[c->at]->stored_bytes)
		order = err_set(e, ERR_DIFFERS, "'%s' has %" PRIu64 " bytes, its manifest says %" PRIu64, want, o->size,
		    c->chunks[c->at]->stored_bytes);
	c->at++;
	free(want);
	return order == 0 ? 0 : -1;
}

int
place_compare(const struct run *run, const struct rec_chunk *const *chunks, size_t n, struct err *e)
{
	struct comparison c = { .run = run, .chunks = chunks, .n = n };
	size_t len = folder_len(chunks[0]->key);
	char *folder;
	int rc;

	for (size_t i = 1; i < n; i++)
		if (folder_len(chunks[i]->key) != len || strncmp(chunks[i]->key, chunks[0]->key, len) != 0)
			return err_set(e, ERR_DIFFERS, "the objects of batch %" PRIu64 " are in several folders", chunks[0]->batch);
	folder = mem_printf("%s/%.*s", run->id, (int)len, chunks[0]->key);
	rc = store_list(run->store, folder, STORE_LIST_RECURSIVE, see_object, &c, e);
	free(folder);
	if (rc == 0 && c.at < n)
		rc = err_set(e, ERR_DIFFERS, "'%s/%s' is missing", run->id, chunks[c.at]->key);
	return rc;
}
