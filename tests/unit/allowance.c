/* Goal of this test: the next time that the clock shows a time of day, also over midnight and over the hours that
 * summer time makes and takes; and what is no time of day is refused. */
#include "prelude.h"

#include "allowance.h"
#include "err.h"
#include "tap.h"

static time_t
at(const char *text, time_t now)
{
	struct err e;
	time_t when = 0;

	return allowance_next(text, now, &when, &e) == 0 ? when : -1;
}

static void
test_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

int
main(void)
{
	static const char *const wrong[] = { "", "6:00", "06:60", "24:00", "06.00", "06:0", "06:00:00", "ab:cd", "-1:00", " 6:00" };

	test_zone("UTC");
	is_u64((uint64_t)at("06:00", 1700000000), 1700028000, "22:13:20: tomorrow at six");
	is_u64((uint64_t)at("22:14", 1700000000), 1700000040, "in 40 seconds");
	is_u64((uint64_t)at("22:13", 1700000000), 1700086380, "20 seconds ago: tomorrow");
	is_u64((uint64_t)at("00:00", 1700006400), 1700092800, "midnight at midnight is the next one");
	is_u64((uint64_t)at("00:00", 1700006399), 1700006400, "a second before");
	test_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	/* 2023-03-26: the hour from two to three is not there */
	is_u64((uint64_t)at("06:00", 1679781600), 1679803200, "the night is an hour shorter in spring");
	is_u64((uint64_t)at("06:00", 1698526800), 1698555600, "and longer in autumn");
	ok(at("02:30", 1679781600) > 1679781600, "a time that is skipped is some time");
	for (size_t i = 0; i < GPM_ARRAY_LEN(wrong); i++)
		ok(at(wrong[i], 1700000000) == -1, "'%s' is refused", wrong[i]);
	return tap_done();
}
