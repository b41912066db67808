/* stage_gzip_isal.c -- gzip by ISA-L (igzip).
 *
 * The header is made and checked here: ISA-L's own has another system in it, and its reader takes more than
 * we write. */
#include "prelude.h"

#include <isa-l.h>

#include "err.h"
#include "stage_gzip.h"

#define OUT_SIZE ((size_t)128 << 10)
#define PIECE ((size_t)256 << 10)
#define IN_MAX ((size_t)1 << 30) /* ISA-L counts in 32 bits */

/* ISA-L never writes to what it reads, though its struct does not say so. */
static uint8_t *
unconst(const char *data)
{
	return (uint8_t *)(uintptr_t)data;
}

/* --- compress --- */

struct compressor {
	struct stage stage;
	struct isal_zstream z;
	size_t held;     /* bytes of PIECE */
	char piece[PIECE];
	uint8_t out[OUT_SIZE];
};

static void
empty_out(struct compressor *c)
{
	c->z.next_out = c->out;
	c->z.avail_out = sizeof(c->out);
}

/* Run ISA-L until LEN bytes are used, or for the LAST of all until the trailer is out. */
static int
compress(struct compressor *c, const char *data, size_t len, bool last, struct err *e)
{
	c->z.next_in = unconst(data);
	c->z.avail_in = (uint32_t)len;
	c->z.end_of_stream = last;
	do {
		int rc = isal_deflate(&c->z);

		if (rc != COMP_OK)
			return err_set(e, ERR_FAILED, "cannot compress: ISA-L error %d", rc);
		if (c->z.next_out > c->out &&
		    stage_push(c->stage.next, c->out, (size_t)(c->z.next_out - c->out), e) < 0)
			return -1;
		empty_out(c);
	} while (last ? c->z.internal_state.state != ZSTATE_END : c->z.avail_in > 0);
	return 0;
}

/* What ISA-L makes depends on the pieces it gets.  So they always have the same size: here some bytes are
 * held until they are a piece. */
static int
compress_push(struct stage *s, const char *data, size_t len, struct err *e)
{
	struct compressor *c = (struct compressor *)s;

	while (len > 0) {
		size_t n = PIECE - c->held < len ? PIECE - c->held : len;

		if (n == PIECE) {
			if (compress(c, data, n, false, e) < 0)
				return -1;
		} else {
			memcpy(c->piece + c->held, data, n);
			c->held += n;
			if (c->held == PIECE) {
				c->held = 0;
				if (compress(c, c->piece, PIECE, false, e) < 0)
					return -1;
			}
		}
		data += n;
		len -= n;
	}
	return 0;
}

static int
compress_finish(struct stage *s, struct err *e)
{
	struct compressor *c = (struct compressor *)s;

	return compress(c, c->piece, c->held, true, e);
}

static void
compress_free(struct stage *s)
{
	free(((struct compressor *)s)->z.level_buf);
	free(s);
}

struct stage *
stage_isal_compress(int level, struct stage *next, struct err *e)
{
	static const struct stage_ops ops = { compress_push, compress_finish, compress_free };
	static const uint32_t level_buf_size[ISAL_LEVELS] = { ISAL_DEF_LVL1_DEFAULT, ISAL_DEF_LVL2_DEFAULT,
		ISAL_DEF_LVL3_DEFAULT };
	static const uint8_t header[GZIP_HEADER_LEN] = { 0x1f, 0x8b, 8, [9] = GZIP_OS };
	struct compressor *c = mem_alloc(sizeof(*c));

	(void)e;
	c->stage.ops = &ops;
	c->stage.next = next;
	isal_deflate_init(&c->z);
	c->z.gzip_flag = IGZIP_GZIP_NO_HDR;
	c->z.level = (uint32_t)level;
	c->z.level_buf_size = level_buf_size[level - 1];
	c->z.level_buf = mem_alloc(c->z.level_buf_size);
	memcpy(c->out, header, sizeof(header));
	empty_out(c);
	c->z.next_out += sizeof(header);
	c->z.avail_out -= (uint32_t)sizeof(header);
	return &c->stage;
}

/* --- decompress --- */

struct decompressor {
	struct stage stage;
	struct inflate_state z;
	struct stage_limit limit;
	size_t seen; /* bytes of the header, while they pass */
	uint8_t out[OUT_SIZE];
};

static bool
has_ended(const struct decompressor *d)
{
	return d->z.block_state == ISAL_BLOCK_FINISH;
}

static int
damaged(int rc, struct err *e)
{
	return err_set(e, ERR_DIFFERS, "object is damaged: gzip: %s",
	    rc == ISAL_INCORRECT_CHECKSUM ? "wrong checksum or size" :
	    rc == ISAL_INVALID_LOOKBACK ? "a distance is too far back" :
	    rc == ISAL_INVALID_SYMBOL ? "invalid symbol" : "invalid block");
}

/* Unpack what z.next_in holds, up to the member's end.  A full OUT may leave some of it in ISA-L. */
static int
decompress(struct decompressor *d, struct err *e)
{
	size_t got;

	do {
		uint32_t before = d->z.avail_in;
		int rc;

		d->z.next_out = d->out;
		d->z.avail_out = sizeof(d->out);
		rc = isal_inflate(&d->z);
		if (rc < 0)
			return damaged(rc, e);
		got = sizeof(d->out) - d->z.avail_out;
		if (got == 0 && d->z.avail_in > 0 && d->z.avail_in == before && !has_ended(d))
			return damaged(ISAL_INVALID_BLOCK, e); /* it would go on like that for ever */
		if (stage_push_within(d->stage.next, &d->limit, d->out, got, e) < 0)
			return -1;
	} while (!has_ended(d) && (d->z.avail_in > 0 || got == sizeof(d->out)));
	return 0;
}

static int
decompress_push(struct stage *s, const char *data, size_t len, struct err *e)
{
	struct decompressor *d = (struct decompressor *)s;
	size_t header = d->seen;

	if (gzip_check_header(&d->seen, data, len, e) < 0)
		return -1;
	header = d->seen - header;
	data += header;
	len -= header;
	while (len > 0 && !has_ended(d)) {
		size_t n = len < IN_MAX ? len : IN_MAX;

		d->z.next_in = unconst(data);
		d->z.avail_in = (uint32_t)n;
		if (decompress(d, e) < 0)
			return -1;
		n -= d->z.avail_in;
		data += n;
		len -= n;
	}
	return len > 0 ? gzip_trailing_bytes(e) : 0;
}

static int
decompress_finish(struct stage *s, struct err *e)
{
	return has_ended((struct decompressor *)s) ? 0 : gzip_truncated(e);
}

static void
decompress_free(struct stage *s)
{
	free(s);
}

struct stage *
stage_isal_decompress(uint64_t limit, struct stage *next, struct err *e)
{
	static const struct stage_ops ops = { decompress_push, decompress_finish, decompress_free };
	struct decompressor *d = mem_alloc(sizeof(*d));

	(void)e;
	d->stage.ops = &ops;
	d->stage.next = next;
	d->limit.limit = limit;
	isal_inflate_init(&d->z);
	d->z.crc_flag = ISAL_GZIP_NO_HDR_VER; /* no header, and the trailer is checked */
	return &d->stage;
}
