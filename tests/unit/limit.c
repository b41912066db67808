/* Goal of this test: the arithmetic of --limit-rate: how long bytes wait, whoever takes them and however late, what a
 * new rate changes; and which rate of a timetable counts when. */
#include "prelude.h"

#include "err.h"
#include "limit.h"
#include "tap.h"
#include "timetable.h"

#define S 1000000000ull
#define MB ((uint64_t)1 << 20)

static void
test_limit(void)
{
	struct limit l = { 0 };

	is_u64(limit_take(&l, 1 << 30, 5 * S), 0, "no rate: nothing waits");
	limit_set(&l, 1000, 10 * S);
	is_u64(limit_take(&l, 500, 10 * S), 0, "the first bytes go at once");
	is_u64(limit_take(&l, 500, 10 * S), S / 2, "the next wait until those have had their time");
	is_u64(limit_take(&l, 1000, 10 * S), S, "and so on");
	is_u64(limit_take(&l, 1, 12 * S), 0, "later there is nothing to wait for");
	is_u64(limit_take(&l, 1, 12 * S), S / 1000, "to the byte");
	is_u64(limit_take(&l, 1000, 100 * S), 0, "after a pause");
	is_u64(limit_take(&l, 1000, 100 * S), S - LIMIT_BURST_NS, "only a quarter of a second is made up for");
	limit_set(&l, 500, 100 * S);
	is_u64(limit_take(&l, 0, 100 * S), 2 * (2 * S - LIMIT_BURST_NS), "half the rate: what is owed takes twice the time");
	limit_set(&l, 0, 101 * S);
	is_u64(limit_take(&l, MB, 101 * S), 0, "no rate any more: nothing is owed");
	limit_set(&l, 1000, 200 * S);
	is_u64(limit_take(&l, UINT64_MAX, 200 * S), 0, "more than there is time");
	ok(limit_take(&l, 1, 200 * S) > 1000000 * S, "is waited for, and does not run over");
}

/* A long transfer by pieces: its time is bytes / rate, less what may be made up for. */
static void
test_long(void)
{
	static const uint64_t rates[] = { 1000, 20 * MB, 12345678901 };

	for (size_t i = 0; i < GPM_ARRAY_LEN(rates); i++) {
		struct limit l = { 0 };
		uint64_t now = 77 * S, begin = now, sent = 0, want;

		limit_set(&l, rates[i], now);
		while (sent < rates[i] * 60) {
			size_t n = limit_piece(&l, 256 << 10);

			now += limit_take(&l, n, now) + (sent % 7) * 1000; /* each a little late */
			sent += n;
		}
		want = (uint64_t)((double)sent / (double)rates[i] * (double)S);
		ok(now - begin + S > want && now - begin < want + S, "a minute at %llu bytes a second takes a minute",
		    (unsigned long long)rates[i]);
	}
}

static void
test_piece(void)
{
	struct limit l = { .rate = 0 };

	is_u64(limit_piece(&l, 262144), 262144, "no rate: all at once");
	l.rate = 3200;
	is_u64(limit_piece(&l, 262144), 512, "a low rate: little");
	l.rate = 320000;
	is_u64(limit_piece(&l, 262144), 10000, "a thirtysecond of a second");
	is_u64(limit_piece(&l, 100), 100, "never more than is wanted");
}

/* The rate of TEXT on DAY (0 Sunday) at HOUR:MINUTE; UINT64_MAX when it is refused. */
static uint64_t
rate(const char *text, int day, int hour, int minute)
{
	struct tm tm = { .tm_wday = day, .tm_hour = hour, .tm_min = minute };
	struct timetable t;
	struct err e;
	uint64_t r;

	if (timetable_parse(text, &t, &e) < 0)
		return UINT64_MAX;
	r = timetable_rate(&t, &tm);
	timetable_release(&t);
	return r;
}

static void
test_timetable(void)
{
	static const char *const wrong[] = { "fast", "20MB/h", "08:00", "08:00,", "8:00,1MB", "24:00,1MB", "08:60,1MB", "08:00,5MB 08:00,off",
		"Foo-08:00,1MB", "Mon-08:00,1MB 08:00,2MB", "08:00,5MB;19:00,off", "08:00,-1", ",", "08:00 5MB",
		"08:00,5MB/s/s 1234567890123456789012345678901234567890123456789012345678901234567890,1" };
	const char *office = "08:00,5MB/s 19:00,off", *week = "Mon-00:00,512KB Fri-23:59,10M Sat-10:00,1M Sun-20:00,off";

	is_u64(rate("20MB/s", 3, 4, 5), 20 * MB, "one rate");
	is_u64(rate("20mb", 3, 4, 5), 20 * MB, "without the second");
	is_u64(rate("off", 3, 4, 5), 0, "none");
	is_u64(rate("", 3, 4, 5), 0, "nothing is none");
	is_u64(rate("0", 3, 4, 5), 0, "so is 0");
	is_u64(rate(office, 1, 7, 59), 0, "before the first of the day: the last of yesterday");
	is_u64(rate(office, 1, 8, 0), 5 * MB, "from its minute on");
	is_u64(rate(office, 6, 18, 59), 5 * MB, "until the next");
	is_u64(rate(office, 6, 19, 0), 0, "which is off");
	is_u64(rate(office, 0, 0, 0), 0, "on Sunday as on Saturday");
	is_u64(rate("  19:00,off   08:00,5MB/s ", 0, 12, 0), 5 * MB, "in any order, with any blanks");
	is_u64(rate(week, 1, 0, 0), 512 << 10, "days: Monday");
	is_u64(rate(week, 5, 23, 58), 512 << 10, "until Friday's last minute");
	is_u64(rate(week, 5, 23, 59), 10 * MB, "that one");
	is_u64(rate(week, 6, 10, 0), MB, "Saturday");
	is_u64(rate(week, 0, 19, 59), MB, "over the week's end");
	is_u64(rate(week, 0, 20, 0), 0, "Sunday evening");
	for (size_t i = 0; i < GPM_ARRAY_LEN(wrong); i++)
		is_u64(rate(wrong[i], 0, 0, 0), UINT64_MAX, wrong[i]);
}

int
main(void)
{
	test_limit();
	test_long();
	test_piece();
	test_timetable();
	return tap_done();
}
