/* fuzz-crypt.c -- objects encrypted by somebody else.
 *
 * Whatever comes, it is opened only when encrypting what comes out gives it again. */
#include "prelude.h"

#include <unistd.h>

#include "crypt.h"
#include "err.h"
#include "stage.h"

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As in golden/: the corpus holds its object, so that one is opened. */
static const unsigned char xxh3[16] = {
	0x53, 0xce, 0xd2, 0xb1, 0xeb, 0xde, 0x3a, 0x9b, 0x6f, 0x5b, 0x30, 0x19, 0x91, 0xaa, 0x3f, 0x23,
};

static struct master_key *
load_key(void)
{
	char path[] = "/tmp/gpm-fuzz-XXXXXX";
	struct master_key *key;
	struct err e;
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, KEY, sizeof(KEY) - 1) != (ssize_t)sizeof(KEY) - 1 || master_key_load(path, &key, &e) < 0)
		abort();
	unlink(path);
	close(fd);
	return key;
}

static void
seal_again(const struct crypt_object *what, const struct buf *bytes, struct buf *out)
{
	struct stage *sink = stage_to_buf(out), *s = stage_encrypt(what, bytes->len, sink);
	struct err e;

	if (stage_push(s, bytes->data, bytes->len, &e) < 0 || stage_finish(s, &e) < 0)
		abort();
	stage_free(s);
	stage_free(sink);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct master_key *key;
	struct crypt_object what = { NULL, "20261120T231816Z-9f3a1c", "data/000001-sales.orders/a2/b0001/000001.csv", xxh3 };
	struct buf object, again;
	struct err e;

	if (key == NULL)
		key = load_key();
	what.key = key;
	buf_init(&object, size);
	buf_init(&again, size);
	if (buf_add(&object, data, size, &e) < 0)
		abort();
	if (crypt_open(&what, &object, &e) == 0) {
		seal_again(&what, &object, &again);
		if (again.len != size || memcmp(again.data, data, size) != 0)
			abort();
	} else if (e.code != ERR_DIFFERS || object.len != 0) {
		abort();
	}
	buf_release(&object);
	buf_release(&again);
	return 0;
}
