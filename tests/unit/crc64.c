/* Goal of this test: the CRC is that of .xz files and of OSS, in one piece and in many. */
#include "prelude.h"

#include "crc64.h"
#include "tap.h"

int
main(void)
{
	char text[5000];
	uint64_t whole, parts = 0;

	is_u64(crc64(0, "", 0), 0, "of nothing");
	is_u64(crc64(0, "123456789", 9), UINT64_C(0x995DC9BBDF1939FA), "the check value of the catalogues of CRCs (CRC-64/XZ)");
	is_u64(crc64(crc64(0, "1234", 4), "56789", 5), UINT64_C(0x995DC9BBDF1939FA), "in two pieces");
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 2654435761u >> 11);
	whole = crc64(0, text, sizeof(text));
	for (size_t at = 0, n = 1; at < sizeof(text); at += n, n = n * 3 % 257) {
		n = n < sizeof(text) - at ? n : sizeof(text) - at;
		parts = crc64(parts, text + at, n);
	}
	is_u64(parts, whole, "in pieces of many sizes");
	return tap_done();
}
