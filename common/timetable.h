/* timetable.h -- which rate counts when: "20MB/s", or "08:00,5MB/s 19:00,off", or with days of the week
 * "Mon-08:00,5MB/s Fri-19:00,off". */
#ifndef GPM_TIMETABLE_H
#define GPM_TIMETABLE_H

struct err;

struct timetable_entry {
	unsigned minute; /* of the week, from Sunday 00:00 on */
	uint64_t rate;   /* bytes a second; 0: any number */
};

struct timetable {
	struct timetable_entry *at; /* by minute */
	size_t len;
};

/* timetable_parse(text, out, e): a rate is a SIZE with or without "/s", or "off" (also 0).  An entry without a day
 * is one of every day.  An empty text is "off".  ERR_USAGE; two entries of one time are an error too. */
int timetable_parse(const char *text, struct timetable *out, struct err *) GPM_NODISCARD;
void timetable_release(struct timetable *);

/* timetable_rate(t, local): the rate of the last entry that is not after LOCAL; before the first of the week that is
 * the last one of the week before. */
uint64_t timetable_rate(const struct timetable *, const struct tm *local);

#endif
