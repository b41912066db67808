/* crc64.c -- CRC-64 of ECMA-182, by ISA-L where there is one (stage_gzip_isal.c needs it anyway), else by a table. */
#include "prelude.h"

#include "crc64.h"

#ifdef HAVE_ISAL

#include <isa-l.h>

uint64_t
crc64(uint64_t crc, const void *data, size_t len)
{
	return crc64_ecma_refl(crc, data, len);
}

#else

#include <pthread.h>

/* The polynomial as the format of .xz files has it (xz-file-format.txt, section 6): ECMA-182's, lowest bit first. */
#define POLYNOMIAL UINT64_C(0xC96C5795D7870F42)

static uint64_t table[256];

static void
fill_table(void)
{
	for (unsigned i = 0; i < GPM_ARRAY_LEN(table); i++) {
		uint64_t r = i;

		for (int bit = 0; bit < 8; bit++)
			r = r & 1 ? r >> 1 ^ POLYNOMIAL : r >> 1;
		table[i] = r;
	}
}

uint64_t
crc64(uint64_t crc, const void *data, size_t len)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const unsigned char *p = data;

	pthread_once(&once, fill_table);
	crc = ~crc;
	for (size_t i = 0; i < len; i++)
		crc = table[(crc ^ p[i]) & 0xff] ^ crc >> 8;
	return ~crc;
}

#endif
