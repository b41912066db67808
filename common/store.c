/* store.c -- a place that holds objects: its URL, and the check of every key before a driver sees it. */
#include "prelude.h"

#include <ctype.h>

#include "atomic.h"
#include "buf.h"
#include "err.h"
#include "log.h"
#include "store.h"

#define URL_HINT "write file:///absolute/path, other bytes as %%XX, s3://bucket/prefix, or volume:///mnt/disk?size=500GB"

/* --- keys --- */

static bool
key_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("._%=+-/", c) != NULL);
}

char *
store_key_encode(const char *name, bool *encoded)
{
	char *out = mem_array(strlen(name) + 1, 3), *p = out;

	*encoded = false;
	for (const char *c = name; *c != '\0'; c++)
		*encoded = *encoded || !key_byte(*c);
	for (const char *c = name; *c != '\0'; c++) {
		if (*encoded && (*c == '%' || !key_byte(*c)))
			p += snprintf(p, 4, "%%%02X", (unsigned)(unsigned char)*c);
		else
			*p++ = *c;
	}
	return out;
}

static int
refuse_key(const char *key, const char *why, struct err *e)
{
	bool encoded;
	char *shown = store_key_encode(key, &encoded);

	err_set(e, ERR_DIFFERS, "'%.200s' is not an object's key: %s", shown, why);
	free(shown);
	return -1;
}

int
store_key_check(const char *key, struct err *e)
{
	size_t len = strnlen(key, STORE_KEY_MAX + 1);

	if (len == 0)
		return refuse_key(key, "it is empty", e);
	if (len > STORE_KEY_MAX)
		return refuse_key(key, "it is too long", e);
	for (const char *c = key; *c != '\0'; c++)
		if (!key_byte(*c))
			return refuse_key(key, "it holds a byte that keys may not have", e);
	for (const char *c = key;; c++) {
		size_t n = strcspn(c, "/");

		if (n == 0 || (n == 1 && *c == '.') || (n == 2 && memcmp(c, "..", 2) == 0))
			return refuse_key(key, "a component is empty, '.' or '..'", e);
		c += n;
		if (*c == '\0')
			return 0;
	}
}

static int
check_prefix(const char *prefix, struct err *e)
{
	size_t len = strlen(prefix);
	char *key;
	int rc;

	if (len == 0)
		return 0;
	if (prefix[len - 1] != '/')
		return refuse_key(prefix, "a prefix ends with '/'", e);
	key = mem_strn(prefix, len - 1);
	rc = store_key_check(key, e);
	free(key);
	return rc;
}

/* --- opening --- */

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *
store_path_decode(const char *url, const char *text, size_t len, struct err *e)
{
	const char *c = text, *end = text + len;
	char *path, *p;

	if (len == 0 || *c != '/') {
		err_set(e, ERR_USAGE, "'%s' names a host or a relative path", url);
		goto err0;
	}
	p = path = mem_alloc(len + 1);
	for (; c < end; c++) {
		if (*c == '?' || *c == '#') {
			err_set(e, ERR_USAGE, "'%s': '%c' stands for itself only as %%XX", url, *c);
			goto err1;
		}
		if (*c == '%') {
			int high = end - c > 2 ? hex_value(c[1]) : -1, low = high < 0 ? -1 : hex_value(c[2]);

			if (low < 0 || (high == 0 && low == 0)) {
				err_set(e, ERR_USAGE, "'%s': '%%' without two hex digits, or %%00", url);
				goto err1;
			}
			*p++ = (char)(high << 4 | low);
			c += 2;
		} else {
			*p++ = *c;
		}
	}
	while (p > path + 1 && p[-1] == '/')
		*--p = '\0';
	return path;
err1:
	free(path);
err0:
	err_hint(e, URL_HINT);
	return NULL;
}

static int
open_folder(const char *url, bool create, struct store **out, struct err *e)
{
	const char *text = url + strlen("file://");
	char *path = store_path_decode(url, text, strlen(text), e);
	int rc;

	if (path == NULL)
		return -1;
	rc = store_file_open(path, create, out, e);
	free(path);
	return rc;
}

int
store_open(const char *url, bool create, const struct store_settings *settings, struct store **out,
    struct err *e)
{
	int rc;

	if (strncmp(url, "file://", strlen("file://")) == 0) {
		rc = open_folder(url, create, out, e);
	} else if (strncmp(url, "s3://", strlen("s3://")) == 0) {
		rc = store_s3_open(url + strlen("s3://"), settings, out, e);
	} else if (store_is_carried(url)) {
		rc = store_volume_open(url, settings, out, e);
	} else {
		/* Only its scheme is shown: a foreign URL may hold a password. */
		err_set(e, ERR_USAGE, "the store's URL begins with '%.*s', not with 'file://', 's3://' or 'volume://'",
		    (int)strnlen(url, strcspn(url, "/@?")), url);
		return err_hint(e, URL_HINT);
	}
	if (rc == 0)
		(*out)->url = mem_str(url);
	return rc;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	free(s->url);
	s->ops->free(s);
}

void
store_set_throttle(struct store *s, struct throttle *t)
{
	s->throttle = t;
}

const char *
store_url(const struct store *s)
{
	return s->url;
}

/* --- the calls --- */

int
store_put(struct store *s, const char *key, const struct store_body *body, struct err *e)
{
	if (store_key_check(key, e) < 0)
		return -1;
	return s->ops->put(s, key, body, e);
}

int
store_create(struct store *s, const char *key, const struct store_body *body, struct err *e)
{
	int rc;

	if (store_key_check(key, e) < 0)
		return -1;
	if ((rc = s->ops->create(s, key, body, e)) != STORE_CANNOT)
		return rc;
	err_set(e, ERR_FAILED, "cannot create '%s' in '%s': the store only knows how to put, which would replace what is there",
	    key, s->url);
	return err_hint(e, "gpm-push preflight tells whether a store knows it");
}

int
store_can_create(struct store *s, const char *key, struct err *e)
{
	struct store_body first = { "1", -1, 1 }, second = { "22", -1, 2 };
	struct err trouble;
	int rc;

	if (store_key_check(key, e) < 0)
		return -1;
	if ((rc = s->ops->create(s, key, &first, e)) == 0)
		return err_set(e, ERR_FAILED, "'%s' is no name for a probe: it is taken", key);
	if (rc != 1)
		return rc == STORE_CANNOT ? 0 : -1;
	rc = s->ops->create(s, key, &second, e);
	if (s->ops->remove(s, key, &trouble) < 0)
		log_debug("'%s' stays: %s", key, trouble.text);
	return rc < 0 ? -1 : rc == 0;
}

int
store_head(struct store *s, const char *key, struct store_object *out, struct err *e)
{
	if (store_key_check(key, e) < 0)
		return -1;
	return s->ops->head(s, key, out, e);
}

int
store_get(struct store *s, const char *key, uint64_t offset, uint64_t len, store_sink_fn *fn,
    void *ctx, struct err *e)
{
	if (store_key_check(key, e) < 0)
		return -1;
	return s->ops->get(s, key, offset, len, fn, ctx, e);
}

static int
add_to_buf(void *ctx, const void *data, size_t len, struct err *e)
{
	return buf_add(ctx, data, len, e);
}

int
store_get_buf(struct store *s, const char *key, struct buf *b, struct err *e)
{
	return store_get(s, key, 0, 0, add_to_buf, b, e);
}

struct comparison {
	const struct store_body *body;
	uint64_t at;
	bool differs;
};

static int
compare_piece(void *ctx, const void *data, size_t len, struct err *e)
{
	struct comparison *c = ctx;
	const struct store_body *body = c->body;
	char *piece = NULL;
	int rc = 0;

	if (c->differs || len > body->len - c->at) {
		c->differs = true;
		return 0;
	}
	if (body->data == NULL) {
		piece = mem_alloc(len);
		rc = file_read_at(body->fd, piece, len, c->at, "the file to store", e);
	}
	if (rc == 0 && memcmp(data, piece != NULL ? piece : (const char *)body->data + c->at, len) != 0)
		c->differs = true;
	c->at += len;
	free(piece);
	return rc;
}

int
store_holds(struct store *s, const char *key, const struct store_body *body, struct err *e)
{
	struct comparison c = { .body = body };
	struct store_object there;
	int rc;

	if ((rc = store_head(s, key, &there, e)) <= 0)
		return rc;
	if (there.size != body->len)
		return 0;
	if ((rc = store_get(s, key, 0, 0, compare_piece, &c, e)) <= 0)
		return rc;
	return !c.differs && c.at == body->len;
}

int
store_list(struct store *s, const char *prefix, int flags, store_list_fn *fn, void *ctx,
    struct err *e)
{
	if (check_prefix(prefix, e) < 0)
		return -1;
	return s->ops->list(s, prefix, flags, fn, ctx, e);
}

int
store_remove(struct store *s, const char *key, struct err *e)
{
	if (store_key_check(key, e) < 0)
		return -1;
	return s->ops->remove(s, key, e);
}

int
store_clock_skew(struct store *s, int64_t *ahead)
{
	return s->ops->clock_skew != NULL ? s->ops->clock_skew(s, ahead) : 0;
}

int
store_finish(struct store *s, const char *prefix, struct err *e)
{
	if (check_prefix(prefix, e) < 0)
		return -1;
	return s->ops->finish != NULL ? s->ops->finish(s, prefix, e) : 0;
}

int
store_knows(struct store *s, const char *key, uint64_t size, const unsigned char sha256[32], struct err *e)
{
	if (store_key_check(key, e) < 0)
		return -1;
	return s->ops->knows != NULL ? s->ops->knows(s, key, size, sha256, e) : 0;
}

bool
store_is_carried(const char *url)
{
	return strncmp(url, "volume://", strlen("volume://")) == 0;
}

bool
store_same_place(const char *a, const char *b)
{
	return strcmp(a, b) == 0 || (store_is_carried(a) && store_is_carried(b));
}
