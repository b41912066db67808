/* Goal of this test: numbers are read whole or not at all, buffers keep their ceiling, and an error
 * keeps its code, its cause and its hint. */
#include "prelude.h"

#include <errno.h>

#include "buf.h"
#include "err.h"
#include "parse.h"
#include "tap.h"

static void
test_u64(void)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0x10", "1e3", "1.0", "12a",
		"18446744073709551616", "99999999999999999999999" };
	struct err e;
	uint64_t n = 7;

	ok(parse_u64("18446744073709551615", 0, UINT64_MAX, &n, &e) == 0 && n == UINT64_MAX, "largest number");
	ok(parse_u64("007", 0, 9, &n, &e) == 0 && n == 7, "zeros in front");
	ok(parse_u64("3", 3, 3, &n, &e) == 0 && n == 3, "both bounds are in");
	ok(parse_u64("2", 3, 9, &n, &e) == -1 && e.code == ERR_USAGE, "below the range");
	ok(parse_u64("10", 3, 9, &n, &e) == -1 && e.code == ERR_USAGE, "above the range");
	is_str(e.text, "10 is not between 3 and 9", "the message names the range");
	is_u64(n, 3, "a refused number changes nothing");
	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++)
		ok(parse_u64(bad[i], 0, UINT64_MAX, &n, &e) == -1 && e.code == ERR_USAGE, "'%s' is no number", bad[i]);
}

static void
test_size_and_duration(void)
{
	static const struct { const char *text; uint64_t value; } sizes[] = {
		{ "500", 500 }, { "500B", 500 }, { "1k", 1024 }, { "64MB", 64 << 20 }, { "16 GB", (uint64_t)16 << 30 },
		{ "20MiB", 20 << 20 }, { "3tb", (uint64_t)3 << 40 }, { "0", 0 }, { "16383PB", (uint64_t)16383 << 50 },
	};
	static const struct { const char *text; uint64_t value; } times[] = {
		{ "90", 90 }, { "30s", 30 }, { "15min", 900 }, { "2m", 120 }, { "6h", 21600 }, { "2d", 172800 },
	};
	static const char *const bad[] = { "", "MB", "1.5GB", "-1MB", "1MBx", "1 M B", "16384PB", "99999999999999999999" };
	struct err e;
	uint64_t n = 0;

	for (size_t i = 0; i < GPM_ARRAY_LEN(sizes); i++)
		ok(parse_size(sizes[i].text, &n, &e) == 0 && n == sizes[i].value, "size %s", sizes[i].text);
	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++)
		ok(parse_size(bad[i], &n, &e) == -1 && e.code == ERR_USAGE, "'%s' is no size", bad[i]);
	has_str((parse_size("16384PB", &n, &e) < 0 ? e.text : ""), "too large", "a size past 64 bits says so");
	for (size_t i = 0; i < GPM_ARRAY_LEN(times); i++)
		ok(parse_duration(times[i].text, &n, &e) == 0 && n == times[i].value, "time %s", times[i].text);
	ok(parse_duration("5MB", &n, &e) == -1 && e.code == ERR_USAGE, "a size is no time");
}

static void
test_bool_and_hex(void)
{
	unsigned char bytes[4] = { 9, 9, 9, 9 };
	char text[9];
	struct err e;
	bool b = false;

	ok(parse_bool("Yes", &b, &e) == 0 && b, "yes");
	ok(parse_bool("off", &b, &e) == 0 && !b, "off");
	ok(parse_bool("1", &b, &e) == 0 && b, "1");
	ok(parse_bool("2", &b, &e) == -1 && e.code == ERR_USAGE && b, "2 is neither, and changes nothing");
	ok(parse_hex("00ff1e9a", bytes, 4, &e) == 0, "hex");
	is_str(format_hex(bytes, 4, text), "00ff1e9a", "and back");
	ok(parse_hex("00ff1e9", bytes, 4, &e) == -1, "a digit is missing");
	ok(parse_hex("00ff1e9a0", bytes, 4, &e) == -1, "a digit too many");
	ok(parse_hex("00FF1E9A", bytes, 4, &e) == -1, "capitals");
	ok(parse_hex("00fg1e9a", bytes, 4, &e) == -1, "no digit");
}

static void
test_formats(void)
{
	char s[FORMAT_SIZE_LEN];

	is_str(format_size(0, s), "0 B", "no bytes");
	is_str(format_size(1023, s), "1023 B", "bytes");
	is_str(format_size(1536, s), "1.5 KB", "a kilobyte and a half");
	is_str(format_size((uint64_t)16 << 30, s), "16.0 GB", "sixteen gigabytes");
	is_str(format_size(UINT64_MAX, s), "16384.0 PB", "the largest");
	is_str(format_count(0, s), "0", "none");
	is_str(format_count(999, s), "999", "no comma");
	is_str(format_count(6001215, s), "6,001,215", "commas");
	is_str(format_count(UINT64_MAX, s), "18,446,744,073,709,551,615", "the largest count");
}

static void
test_buf(void)
{
	struct buf b;
	struct err e;
	int rc = 0;

	buf_init(&b, 1000);
	for (int i = 0; rc == 0 && i < 1000; i++)
		rc = buf_addc(&b, (char)('a' + i % 26), &e);
	ok(rc == 0 && b.len == 1000 && b.data[999] == 'a' + 999 % 26, "a buffer holds as much as its limit");
	ok(buf_addc(&b, 'x', &e) == -1 && e.code == ERR_FAILED && b.len == 1000, "and not a byte more");
	ok(buf_str(&b, &e) != NULL && strlen(b.data) == 1000, "a NUL fits behind a full one");
	ok(buf_reserve(&b, SIZE_MAX, &e) == -1, "a length that would wrap round is refused");
	ok(buf_reserve(&b, SIZE_MAX - 999, &e) == -1, "and one that just would");
	buf_reset(&b);
	ok(buf_puts(&b, "one", &e) == 0 && buf_printf(&b, &e, ",%d,%s", 2, "three") == 0, "printf");
	is_str(buf_str(&b, &e), "one,2,three", "appends");
	ok(buf_printf(&b, &e, "%990s", "") == -1 && b.len == 11, "printf past the limit changes nothing");
	ok(buf_add(&b, NULL, 0, &e) == 0, "no bytes from nowhere");
	buf_release(&b);
	ok(b.data == NULL && b.len == 0 && b.limit == 1000, "released, its limit stays");
	buf_release(&b);
	buf_init(&b, 0);
	ok(buf_addc(&b, 'x', &e) == -1, "a limit of nothing");
	is_str(buf_str(&b, &e), "", "an empty text");
	buf_release(&b);
}

static void
test_text(void)
{
	struct buf b;
	char *taken;

	text_init(&b);
	text_puts(&b, "a");
	text_add(&b, "bc", 2);
	text_printf(&b, "%03d", 7);
	is_str(text_str(&b), "abc007", "text");
	taken = text_take(&b);
	is_str(taken, "abc007", "taken");
	ok(b.len == 0 && b.data == NULL, "its buffer is empty after");
	text_puts(&b, "again");
	is_str(text_str(&b), "again", "and may be used again");
	buf_release(&b);
	free(taken);
}

static void
test_err(void)
{
	char longer[4000];
	struct err e;

	memset(longer, 'z', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ok(err_set(&e, ERR_DIFFERS, "%s %d", "chunk", 3) == -1, "err_set returns -1");
	is_str(e.text, "chunk 3", "its text");
	err_hint(&e, "do %s", "this");
	is_str(e.hint, "do this", "its hint");
	ok(err_context(&e, "table %s", "t") == -1 && e.code == ERR_DIFFERS, "context keeps the code");
	is_str(e.text, "table t: chunk 3", "and puts itself before the text");
	is_str(e.hint, "do this", "and keeps the hint");
	err_context(&e, "%s", "in the run 20261120T231816Z-9f3a1c");
	is_str(e.text, "in the run 20261120T231816Z-9f3a1c: table t: chunk 3", "context on context");
	errno = ENOENT;
	ok(err_sys(&e, "cannot open '%s'", "x") == -1 && e.code == ERR_SYSTEM, "err_sys");
	is_str(e.text, "cannot open 'x': No such file or directory", "with errno's text");
	is_str(e.hint, "", "a new error drops the old hint");
	err_hint(&e, "old");
	err_set(&e, ERR_FAILED, "%s", longer);
	is_str(e.hint, "", "whichever way it is set");
	ok(strlen(e.text) == sizeof(e.text) - 1, "a long text is cut");
	err_context(&e, "%s", "where");
	has_str(e.text, "where: zzz", "context before a long text");
	err_context(&e, "%s", longer);
	ok(strlen(e.text) < sizeof(e.text), "a long context is cut");
	err_hint(&e, "%s", longer);
	ok(strlen(e.hint) == sizeof(e.hint) - 1, "a long hint is cut");
	errno = EIO;
	err_sys(&e, "%s", longer);
	ok(strlen(e.text) == sizeof(e.text) - 1, "a long text leaves no room for errno's");
	err_clear(&e);
	ok(e.code == ERR_OK && e.text[0] == '\0' && e.hint[0] == '\0', "cleared");
}

static void
test_codes(void)
{
	static const enum err_code order[] = { ERR_OK, ERR_LIMIT, ERR_TEMPORARY, ERR_PARTIAL, ERR_FAILED, ERR_DIFFERS, ERR_STOPPED };
	struct err e;
	bool sorted = true;

	for (size_t i = 0; i < GPM_ARRAY_LEN(order); i++)
		for (size_t j = 0; j < GPM_ARRAY_LEN(order); j++)
			if (err_worse(order[i], order[j]) != order[i > j ? i : j]) {
				printf("# %s and %s\n", err_name(order[i]), err_name(order[j]));
				sorted = false;
			}
	ok(sorted, "the worse of two errors, in either order");
	is_str(err_name(ERR_DIFFERS), "DIFFERS", "a name");
	ok(strlen(err_meaning(ERR_LOCKED)) > 0, "a meaning");
	is_u64((uint64_t)err_exit(ERR_OK), 0, "exit status of success");
	is_u64((uint64_t)err_exit(ERR_USAGE), 2, "of a wrong option");
	is_u64((uint64_t)err_exit(ERR_DIFFERS), 4, "of a difference");
	is_u64((uint64_t)err_exit(ERR_LIMIT), 7, "of a limit");
	e.code = ERR_TEMPORARY;
	ok(err_is_transient(&e), "temporary trouble is worth another try");
	e.code = ERR_DIFFERS;
	ok(!err_is_transient(&e), "a difference is not");
}

int
main(void)
{
	test_u64();
	test_size_and_duration();
	test_bool_and_hex();
	test_formats();
	test_buf();
	test_text();
	test_err();
	test_codes();
	return tap_done();
}
