/* stage.c -- pushing bytes along a chain, its two sinks, and the table of compressions. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "parse.h"
#include "stage.h"

int
stage_push(struct stage *s, const void *data, size_t len, struct err *e)
{
	return s->ops->push(s, data, len, e);
}

int
stage_finish(struct stage *s, struct err *e)
{
	for (; s != NULL; s = s->next)
		if (s->ops->finish != NULL && s->ops->finish(s, e) < 0)
			return -1;
	return 0;
}

void
stage_free(struct stage *s)
{
	if (s != NULL)
		s->ops->free(s);
}

int
stage_push_within(struct stage *next, struct stage_limit *l, const void *data, size_t len,
    struct err *e)
{
	if (len == 0)
		return 0;
	if (len > l->limit - l->done)
		return err_set(e, ERR_DIFFERS,
		    "object unpacks to more than the %" PRIu64 " bytes that it should hold", l->limit);
	l->done += len;
	return stage_push(next, data, len, e);
}

/* --- sinks --- */

struct buf_sink {
	struct stage stage;
	struct buf *buf;
};

static int
buf_sink_push(struct stage *s, const char *data, size_t len, struct err *e)
{
	return buf_add(((struct buf_sink *)s)->buf, data, len, e);
}

static void
plain_free(struct stage *s)
{
	free(s);
}

struct stage *
stage_to_buf(struct buf *b)
{
	static const struct stage_ops ops = { buf_sink_push, NULL, plain_free };
	struct buf_sink *sink = mem_alloc(sizeof(*sink));

	sink->stage.ops = &ops;
	sink->buf = b;
	return &sink->stage;
}

struct fn_sink {
	struct stage stage;
	stage_sink_fn *fn;
	void *ctx;
};

static int
fn_sink_push(struct stage *s, const char *data, size_t len, struct err *e)
{
	struct fn_sink *sink = (struct fn_sink *)s;

	return sink->fn(sink->ctx, data, len, e);
}

struct stage *
stage_to_fn(stage_sink_fn *fn, void *ctx)
{
	static const struct stage_ops ops = { fn_sink_push, NULL, plain_free };
	struct fn_sink *sink = mem_alloc(sizeof(*sink));

	sink->stage.ops = &ops;
	sink->fn = fn;
	sink->ctx = ctx;
	return &sink->stage;
}

/* --- "none": the limit is all there is to it --- */

struct pass {
	struct stage stage;
	struct stage_limit limit;
};

static int
pass_push(struct stage *s, const char *data, size_t len, struct err *e)
{
	return stage_push_within(s->next, &((struct pass *)s)->limit, data, len, e);
}

static struct stage *
none_decompress(uint64_t limit, struct stage *next, struct err *e)
{
	static const struct stage_ops ops = { pass_push, NULL, plain_free };
	struct pass *pass = mem_alloc(sizeof(*pass));

	(void)e;
	pass->stage.ops = &ops;
	pass->stage.next = next;
	pass->limit.limit = limit;
	return &pass->stage;
}

static struct stage *
none_compress(int level, uint64_t size_hint, struct stage *next, struct err *e)
{
	(void)level;
	(void)size_hint;
	return none_decompress(UINT64_MAX, next, e);
}

/* --- the table --- */

static const struct codec {
	const char *name;
	const char *suffix;
	int level_min, level_max, level_default;
	struct stage *(*compress)(int level, uint64_t size_hint, struct stage *next, struct err *);
	struct stage *(*decompress)(uint64_t limit, struct stage *next, struct err *);
} codecs[] = {
	{ "zstd", ".zst", 1, 19, 1, stage_zstd_compress, stage_zstd_decompress },
	{ "gzip", ".gz", 1, 9, 1, stage_gzip_compress, stage_gzip_decompress },
	{ "none", "", 0, 0, 0, none_compress, none_decompress },
};

static const struct codec *
codec_named(const char *name, size_t len)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(codecs); i++)
		if (strlen(codecs[i].name) == len && memcmp(codecs[i].name, name, len) == 0)
			return &codecs[i];
	return NULL;
}

int
compression_parse(const char *text, struct compression *out, struct err *e)
{
	size_t len = strcspn(text, ":");
	const struct codec *codec = codec_named(text, len);
	uint64_t level;

	if (codec == NULL)
		return err_set(e, ERR_USAGE, "'%s' is not a compression: zstd, gzip or none, "
		    "with a level as in zstd:3", text);
	level = (uint64_t)codec->level_default;
	if (text[len] == ':') {
		if (codec->level_max == 0)
			return err_set(e, ERR_USAGE, "'%s': %s has no levels", text, codec->name);
		if (parse_u64(text + len + 1, (uint64_t)codec->level_min, (uint64_t)codec->level_max,
		    &level, e) < 0)
			return err_context(e, "level of '%s'", text);
	}
	snprintf(out->name, sizeof(out->name), "%s", codec->name);
	out->level = (int)level;
	return 0;
}

const char *
compression_suffix(const struct compression *c)
{
	return codec_named(c->name, strlen(c->name))->suffix;
}

struct stage *
stage_compress(const struct compression *c, uint64_t size_hint, struct stage *next, struct err *e)
{
	return codec_named(c->name, strlen(c->name))->compress(c->level, size_hint, next, e);
}

/* The name comes out of a manifest. */
struct stage *
stage_decompress(const char *name, uint64_t limit, struct stage *next, struct err *e)
{
	const struct codec *codec = codec_named(name, strlen(name));

	if (codec == NULL) {
		err_set(e, ERR_FAILED, "compression '%.20s' is not known", name);
		return NULL;
	}
	return codec->decompress(limit, next, e);
}
