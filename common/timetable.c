/* timetable.c -- which rate counts when. */
#include "prelude.h"

#include <strings.h>

#include "err.h"
#include "parse.h"
#include "timetable.h"

#define DAY_MINUTES 1440u
#define WEEK_DAYS 7u
#define ENTRY_MAX 64

static const char *const days[WEEK_DAYS] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

static int
parse_rate(const char *text, uint64_t *rate, struct err *e)
{
	size_t len = strlen(text);
	char size[ENTRY_MAX];

	*rate = 0;
	if (strcasecmp(text, "off") == 0)
		return 0;
	if (len >= 2 && strcasecmp(text + len - 2, "/s") == 0)
		len -= 2;
	snprintf(size, sizeof(size), "%.*s", (int)len, text);
	return parse_size(size, rate, e);
}

/* "08:00" into a minute of the day; false when it is none. */
static bool
parse_minute(const char *text, unsigned *minute)
{
	unsigned hour, rest;

	if (strlen(text) != 5 || text[2] != ':' || strspn(text, "0123456789") != 2 || strspn(text + 3, "0123456789") != 2)
		return false;
	hour = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
	rest = (unsigned)(text[3] - '0') * 10 + (unsigned)(text[4] - '0');
	*minute = hour * 60 + rest;
	return hour < 24 && rest < 60;
}

static void
add(struct timetable *t, unsigned minute, uint64_t rate)
{
	t->at = mem_grow(t->at, (t->len + 1) * sizeof(*t->at));
	t->at[t->len++] = (struct timetable_entry){ minute, rate };
}

/* "Mon-08:00,5MB/s" or "08:00,5MB/s". */
static int
parse_entry(struct timetable *t, char *entry, struct err *e)
{
	char *comma = strchr(entry, ','), *when = entry;
	unsigned day = WEEK_DAYS, minute;
	uint64_t rate;

	if (comma == NULL)
		return err_set(e, ERR_USAGE, "'%s' is not HH:MM,RATE", entry);
	*comma = '\0';
	for (unsigned i = 0; i < WEEK_DAYS; i++)
		if (strncasecmp(entry, days[i], 3) == 0 && entry[3] == '-') {
			day = i;
			when = entry + 4;
		}
	if (!parse_minute(when, &minute))
		return err_set(e, ERR_USAGE, "'%s' is no time of day (HH:MM, or Mon-HH:MM)", entry);
	if (parse_rate(comma + 1, &rate, e) < 0)
		return -1;
	for (unsigned i = 0; i < WEEK_DAYS; i++)
		if (day == WEEK_DAYS || day == i)
			add(t, i * DAY_MINUTES + minute, rate);
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct timetable_entry *x = a, *y = b;

	return x->minute < y->minute ? -1 : x->minute > y->minute;
}

static int
parse_entries(struct timetable *t, const char *text, struct err *e)
{
	for (const char *c = text + strspn(text, " \t"); *c != '\0'; c += strspn(c, " \t")) {
		size_t len = strcspn(c, " \t");
		char entry[ENTRY_MAX];

		if (len >= sizeof(entry))
			return err_set(e, ERR_USAGE, "'%.*s…' is too long for a time and a rate", 20, c);
		memcpy(entry, c, len);
		entry[len] = '\0';
		if (parse_entry(t, entry, e) < 0)
			return -1;
		c += len;
	}
	if (t->len > 0)
		qsort(t->at, t->len, sizeof(*t->at), compare);
	for (size_t i = 1; i < t->len; i++)
		if (t->at[i].minute == t->at[i - 1].minute)
			return err_set(e, ERR_USAGE, "%s-%02u:%02u is there twice", days[t->at[i].minute / DAY_MINUTES],
			    t->at[i].minute % DAY_MINUTES / 60, t->at[i].minute % 60);
	return 0;
}

int
timetable_parse(const char *text, struct timetable *out, struct err *e)
{
	uint64_t rate;
	int rc;

	memset(out, 0, sizeof(*out));
	if (strchr(text, ',') == NULL && text[strspn(text, " \t")] != '\0') {
		if ((rc = parse_rate(text, &rate, e)) == 0)
			add(out, 0, rate);
	} else {
		rc = parse_entries(out, text, e);
	}
	if (rc == 0)
		return 0;
	timetable_release(out);
	e->code = ERR_USAGE;
	return err_hint(e, "write 20MB/s, or off, or a timetable such as \"08:00,5MB/s 19:00,off\"");
}

void
timetable_release(struct timetable *t)
{
	free(t->at);
	memset(t, 0, sizeof(*t));
}

uint64_t
timetable_rate(const struct timetable *t, const struct tm *local)
{
	unsigned now = (unsigned)local->tm_wday * DAY_MINUTES + (unsigned)local->tm_hour * 60 + (unsigned)local->tm_min;
	size_t i = t->len;

	if (t->len == 0)
		return 0;
	while (i > 0 && t->at[i - 1].minute > now)
		i--;
	return t->at[i > 0 ? i - 1 : t->len - 1].rate;
}
