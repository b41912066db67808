/* runid.c -- run ids, times and names as they stand in keys. */
#include "prelude.h"

#include <ctype.h>
#include <inttypes.h>
#include <openssl/rand.h>

#include "buf.h"
#include "err.h"
#include "parse.h"
#include "runid.h"

#define LABEL_LIMIT 200
#define FRACTIONS 4096u /* of a second: three hex digits */

/* The second that an id names. */
static time_t
second_of(const char *id)
{
	struct tm tm = { 0 };

	return strptime(id, "%Y%m%dT%H%M%SZ-", &tm) == NULL ? 0 : timegm(&tm);
}

int
runid_new(const char *after, char out[RUNID_LEN + 1], struct err *e)
{
	unsigned char random[2];
	time_t last = after != NULL ? second_of(after) : 0;
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec <= last)
		now.tv_sec = last + 1;
	if (RAND_bytes(random, sizeof(random)) != 1)
		return err_set(e, ERR_SYSTEM, "no random numbers to be had");
	/* a year of five digits takes a byte more */
	if (gmtime_r(&now.tv_sec, &tm) == NULL || strftime(out, RUNID_LEN + 1, "%Y%m%dT%H%M%SZ-", &tm) != 17)
		return err_set(e, ERR_SYSTEM, "this host's clock cannot be written as a date");
	snprintf(out + 17, RUNID_LEN + 1 - 17, "%03x%03x", (unsigned)((uint64_t)now.tv_nsec * FRACTIONS / 1000000000) % FRACTIONS,
	    ((unsigned)random[0] << 8 | random[1]) % FRACTIONS);
	return 0;
}

bool
runid_valid(const char *id)
{
	static const char form[] = "dddddddd" "T" "dddddd" "Z-" "xxxxxx";

	if (strlen(id) != RUNID_LEN)
		return false;
	for (size_t i = 0; i < RUNID_LEN; i++) {
		bool digit = id[i] >= '0' && id[i] <= '9';
		bool hex = digit || (id[i] >= 'a' && id[i] <= 'f');

		if (form[i] == 'd' ? !digit : form[i] == 'x' ? !hex : id[i] != form[i])
			return false;
	}
	return true;
}

char *
time_now(char out[TIME_LEN])
{
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(out, TIME_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, TIME_LEN - n, ".%03uZ", (unsigned)(now.tv_nsec / 1000000) % 1000);
	return out;
}

char *
name_encode(const char *name)
{
	struct buf b;

	text_init(&b);
	for (const unsigned char *p = (const unsigned char *)name; *p != '\0'; p++) {
		if (*p < 0x80 && (isalnum(*p) || *p == '_' || *p == '-'))
			text_add(&b, p, 1);
		else
			text_printf(&b, "%%%02X", *p);
	}
	return text_take(&b);
}

char *
table_label(uint64_t number, const char *schema, const char *name)
{
	char *s = name_encode(schema), *n = name_encode(name);
	char *label = mem_printf("%06" PRIu64 "-%s.%s", number, s, n);
	size_t len = strlen(label);

	free(s);
	free(n);
	if (len > LABEL_LIMIT) {
		len = LABEL_LIMIT;
		/* not in the middle of a %XX */
		if (label[len - 1] == '%')
			len -= 1;
		else if (label[len - 2] == '%')
			len -= 2;
		label[len] = '\0';
	}
	return label;
}

char *
chunk_key(const char *label, uint64_t attempt, uint64_t batch, uint64_t seq, const char *suffix)
{
	return mem_printf("data/%s/a%" PRIu64 "/b%04" PRIu64 "/%06" PRIu64 ".csv%s", label, attempt,
	    batch, seq, suffix);
}
