/* Goal of this test: run ids sort by time and nothing else passes for one; labels and keys made from any
 * names are safe, of bounded length and told apart by the table's number. */
#include "prelude.h"

#include "err.h"
#include "runid.h"
#include "store.h"
#include "tap.h"

static void
test_ids(void)
{
	static const char *const good[] = { "20261120T231816Z-9f3a1c", "00000000T000000Z-000000",
	    "99999999T999999Z-ffffff" };
	static const char *const bad[] = { "", "latest", "20261120T231816Z-9f3a1", "20261120T231816Z-9f3a1c0",
		"20261120T231816Z-9F3A1C", "20261120T231816Z-9f3a1g", "20261120T231816Z_9f3a1c",
		    "20261120t231816Z-9f3a1c",
		"20261120T231816z-9f3a1c", "2026112 T231816Z-9f3a1c", "20261120T23181aZ-9f3a1c",
		    "2026112aT231816Z-9f3a1c",
		" 20261120T231816Z-9f3a1", "20261120T231816Z-9f3a1c\n", "../1120T231816Z-9f3a1c",
		"20261120T231816Z-9f3a1/",
		"\262\260261120T231816Z-9f3a1c" };

	for (size_t i = 0; i < GPM_ARRAY_LEN(good); i++)
		ok(runid_valid(good[i]), "a run id: %s", good[i]);
	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++)
		ok(!runid_valid(bad[i]), "no run id: case %zu", i);
}

static void
test_new(void)
{
	char a[RUNID_LEN + 1], b[RUNID_LEN + 1], before[TIME_LEN], after[TIME_LEN], day[9];
	const struct timespec moment = { .tv_nsec = 1000000 };
	struct err e;
	int differ = 0, sorted = 0;

	time_now(before);
	ok(runid_new(NULL, a, &e) == 0 && runid_valid(a), "a new id is one: %s", a);
	time_now(after);
	snprintf(day, sizeof(day), "%.4s%.2s%.2s", before, before + 5, before + 8);
	ok(memcmp(a, day, 8) >= 0, "not before today");
	snprintf(day, sizeof(day), "%.4s%.2s%.2s", after, after + 5, after + 8);
	ok(memcmp(a, day, 8) <= 0, "nor after it");
	for (int i = 0; i < 20; i++)
		differ += runid_new(NULL, b, &e) == 0 && strcmp(a + 17, b + 17) != 0;
	ok(differ >= 18, "ids of one second differ");
	for (; sorted < 20 && runid_new(NULL, a, &e) == 0 && nanosleep(&moment, NULL) == 0; sorted++)
		if (runid_new(NULL, b, &e) < 0 || strcmp(a, b) >= 0)
			break;
	ok(sorted == 20, "ids sort by their time, within a second as well: %s, %s", a, b);
	ok(runid_new(a, b, &e) == 0 && runid_valid(b) && strncmp(a, b, 16) < 0, "an id after another is of a later second: %s", b);
	ok(runid_new("20991231T235959Z-ffffff", b, &e) == 0 && strncmp(b, "21000101T000000Z-", 17) == 0,
	    "also after one of a clock that was ahead: %s", b);
	ok(runid_new("20000101T000000Z-ffffff", b, &e) == 0 && strncmp(b, a, 8) >= 0, "an old one does not matter: %s", b);
	ok(runid_new("99991231T235959Z-ffffff", b, &e) < 0, "behind the last second that can be written there is none");
}

static void
test_time(void)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
	char a[TIME_LEN], b[TIME_LEN];
	bool good = true;

	is_str(time_now(a), a, "time_now returns what it was given");
	is_u64(strlen(a), strlen(form), "a time has milliseconds");
	for (size_t i = 0; i < strlen(form) && i < strlen(a); i++)
		good = good && (form[i] == 'd' ? a[i] >= '0' && a[i] <= '9' : a[i] == form[i]);
	ok(good, "and the form of ISO 8601: %s", a);
	ok(strcmp(a, time_now(b)) <= 0, "times sort");
}

static void
is_encoded(const char *name, const char *want)
{
	char *got = name_encode(name);

	is_str(got, want, "a name in a key");
	free(got);
}

static void
test_names(void)
{
	char all[256], *encoded;
	size_t good = 0;

	is_encoded("", "");
	is_encoded("Order_Lines-2", "Order_Lines-2");
	is_encoded("a.b/c", "a%2Eb%2Fc");
	is_encoded("..", "%2E%2E");
	is_encoded("100%", "100%25");
	is_encoded("caf\xc3\xa9", "caf%C3%A9");
	is_encoded("\x01\x7f\x80\xff", "%01%7F%80%FF");
	for (int c = 1; c < 256; c++)
		all[c - 1] = (char)c;
	all[255] = '\0';
	encoded = name_encode(all);
	for (char *p = encoded; *p != '\0'; p++)
		good += strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-%",
		    *p) != NULL;
	is_u64(good, strlen(encoded), "nothing else comes out");
	is_u64(strlen(encoded), 64 + 3 * (255 - 64), "and every other byte as three");
	free(encoded);
}

static void
is_label(uint64_t number, const char *schema, const char *name, const char *want)
{
	char *got = table_label(number, schema, name);

	is_str(got, want, "a label");
	free(got);
}

/* Is there a '%' without two capital hex digits behind it? */
static bool
torn(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s == '%' && (strspn(s + 1, "0123456789ABCDEF") < 2))
			return true;
	return false;
}

static void
test_labels(void)
{
	char schema[201], name[201], *label, *other;
	size_t at_200 = 0, at_199 = 0, at_198 = 0, bad = 0;

	is_label(42, "sales", "orders", "000042-sales.orders");
	is_label(1234567, "s", "n", "1234567-s.n");
	is_label(UINT64_MAX, "", "", "18446744073709551615-.");
	is_label(1, "a.b", "../c", "000001-a%2Eb.%2E%2E%2Fc");
	/* "000001-" and "." are 8 bytes; every length of plain bytes puts the cut elsewhere. */
	for (size_t n = 1; n <= 200; n++) {
		memset(schema, 'x', n);
		schema[n] = '\0';
		memset(name, 0xe9, 200);
		name[200] = '\0';
		label = table_label(1, schema, name);
		at_200 += strlen(label) == 200;
		at_199 += strlen(label) == 199;
		at_198 += strlen(label) == 198;
		bad += torn(label) || strlen(label) > 200 || strlen(label) < 198;
		free(label);
	}
	is_u64(bad, 0, "a label is cut to 200 bytes, or to as many as end before a %XX");
	ok(at_200 > 60 && at_199 > 60 && at_198 > 60, "at 200, 199 and 198 bytes (%zu, %zu, %zu)", at_200,
	    at_199, at_198);
	memset(schema, 'x', 192);
	schema[192] = '\0';
	label = table_label(1, schema, "");
	is_u64(strlen(label), 200, "200 bytes are not cut");
	free(label);
	label = table_label(1, schema, "a");
	is_u64(strlen(label), 200, "201 are");
	other = table_label(2, schema, "b");
	ok(strcmp(label, other) != 0, "the number tells cut labels apart");
	free(label);
	free(other);
}

static void
test_keys(void)
{
	char name[201], *label, *key;
	struct err e;

	key = chunk_key("000042-sales.orders", 1, 1, 1, "");
	is_str(key, "data/000042-sales.orders/a1/b0001/000001.csv", "a key");
	free(key);
	key = chunk_key("l", 12, 10001, 1234567, ".zst");
	is_str(key, "data/l/a12/b10001/1234567.csv.zst", "more digits than there are places");
	free(key);
	memset(name, 0x80, 200);
	name[200] = '\0';
	label = table_label(UINT64_MAX, name, name);
	key = chunk_key(label, UINT64_MAX, UINT64_MAX, UINT64_MAX, ".zst");
	ok(store_key_check(key, &e) == 0, "the longest key is one");
	free(label);
	free(key);
}

int
main(void)
{
	test_ids();
	test_new();
	test_time();
	test_names();
	test_labels();
	test_keys();
	return tap_done();
}
