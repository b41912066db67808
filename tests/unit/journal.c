/* Goal of this test: a journal gives back every line that was appended, whoever died while writing it, and
 * never takes damage for an end. */
#include "prelude.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "journal.h"
#include "tap.h"

#define FORMAT "gpm-push-journal"
#define RUN "20261120T231816Z-9f3a1c"
#define MANY 20000

static char base[] = "/tmp/gpm-test-journal-XXXXXX";
static char path[sizeof(base) + 10];

/* What a replay saw: the numbers of attempt records, in order. */
struct replay {
	uint64_t numbers[MANY];
	struct journal_place places[MANY];
	size_t n;
	bool strange;      /* another record */
	uint64_t fail_at;  /* refuse the record with this number */
};
static struct replay replay;

static int
note(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct replay *to = ctx;

	if (r->type != REC_ATTEMPT || to->n == MANY) {
		to->strange = true;
		return 0;
	}
	if (to->fail_at != 0 && r->u.attempt.table == to->fail_at)
		return err_set(e, ERR_LIMIT, "no more");
	to->places[to->n] = place;
	to->numbers[to->n++] = r->u.attempt.table;
	return 0;
}

static void
fresh(void)
{
	memset(&replay, 0, sizeof(replay));
}

static int
open_journal(struct journal **j, struct err *e)
{
	fresh();
	err_clear(e);
	*j = NULL;
	return journal_open(path, FORMAT, RUN, note, &replay, j, e);
}

static int
add(struct journal *j, uint64_t number, struct journal_place *place, struct err *e)
{
	char method[] = "copy", now[] = "2026-11-20T23:18:16.042Z";
	struct rec_attempt rec = { number, 1, 1, method, now };

	return journal_append(j, REC_ATTEMPT, &rec, place, e);
}

/* Did the replay see 1, 2, … N and nothing else? */
static bool
saw(size_t n)
{
	bool good = replay.n == n && !replay.strange;

	for (size_t i = 0; good && i < n; i++)
		good = replay.numbers[i] == i + 1;
	if (!good)
		printf("# saw %zu of %zu%s\n", replay.n, n, replay.strange ? ", and strange ones" : "");
	return good;
}

static char *
slurp(size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *data = mem_alloc(1 << 20);

	*len = f == NULL ? 0 : fread(data, 1, 1 << 20, f);
	if (f != NULL)
		fclose(f);
	return data;
}

static void
spill(const char *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(data, 1, len, f) != len || fclose(f) != 0)
		printf("# cannot write %s\n", path);
}

/* A new journal with records 1 … N. */
static void
make(size_t n)
{
	struct journal *j;
	struct err e;
	int rc;

	unlink(path);
	rc = open_journal(&j, &e);
	for (size_t i = 1; rc == 0 && i <= n; i++)
		rc = add(j, i, NULL, &e);
	journal_close(j);
	if (rc < 0)
		printf("# %s\n", e.text);
}

static bool
same_place(struct journal_place a, struct journal_place b)
{
	return a.offset == b.offset && a.len == b.len;
}

static void
test_append(void)
{
	struct journal_place places[3];
	struct journal *j, *other;
	struct record r;
	struct stat st;
	struct err e;

	ok(open_journal(&j, &e) == 0 && saw(0), "a new journal is empty");
	ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600 && st.st_size > 0,
	    "it has its head, for nobody else to read");
	for (uint64_t i = 1; i <= 3; i++)
		ok(add(j, i, &places[i - 1], &e) == 0, "append %d", (int)i);
	for (uint64_t i = 3; i >= 1; i--) {
		ok(journal_record_at(j, places[i - 1], &r, &e) == 0 && r.type == REC_ATTEMPT &&
		    r.u.attempt.table == i,
		    "read back where it was appended");
		record_release(&r);
	}
	ok(journal_attach(path, &other, &e) == 0 && journal_record_at(other, places[1], &r, &e) == 0 &&
	    r.u.attempt.table == 2,
	    "by another handle as well");
	record_release(&r);
	ok(add(other, 4, NULL, &e) == -1, "which cannot append");
	ok(journal_note(other, REC_ATTEMPT, &(struct rec_attempt){ 0 }, &e) == -1, "nor note");
	journal_close(other);
	journal_close(j);

	ok(open_journal(&j, &e) == 0 && saw(3), "replayed in order");
	ok(same_place(replay.places[0], places[0]) && same_place(replay.places[2], places[2]),
	    "in the same places");
	ok(add(j, 4, &places[0], &e) == 0 && stat(path, &st) == 0 &&
	    (uint64_t)st.st_size == places[0].offset + places[0].len + 1,
	    "the place is the line without its newline");
	journal_close(j);
	ok(open_journal(&j, &e) == 0 && saw(4), "and on it goes");
	places[0].len--;
	ok(journal_record_at(j, places[0], &r, &e) == -1 && e.code == ERR_DIFFERS, "a place that is no line");
	places[0].offset = 1 << 20;
	ok(journal_record_at(j, places[0], &r, &e) == -1, "a place behind the end");
	journal_close(j);
	journal_close(NULL);
	ok(journal_attach("/nonexistent/journal", &other, &e) == -1 && e.code == ERR_SYSTEM,
	    "no file to attach to");
	ok(journal_open("/nonexistent/journal", FORMAT, RUN, note, &replay, &j, &e) == -1,
	    "no folder to write in");
	has_str(e.text, "'/nonexistent/journal'", "the message names it");
}

static int
taking(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	(void)place;
	(void)e;
	record_take(r, ctx);
	return 0;
}

static void
test_callback(void)
{
	struct rec_attempt taken = { 0 };
	struct journal *j;
	struct err e;

	make(1);
	ok(journal_open(path, FORMAT, RUN, taking, &taken, &j, &e) == 0, "a record can be taken");
	journal_close(j);
	ok(taken.table == 1 && strcmp(taken.method, "copy") == 0, "and lives on");
	record_free_fields(REC_ATTEMPT, &taken);
	make(3);
	fresh();
	replay.fail_at = 2;
	ok(journal_open(path, FORMAT, RUN, note, &replay, &j, &e) == -1 && e.code == ERR_LIMIT &&
	    replay.n == 1,
	    "an error of the callback ends the replay");
	ok(strstr(e.text, path) != NULL && strstr(e.text, "no more") != NULL, "its text is passed on");
	ok(open_journal(&j, &e) == 0 && saw(3), "and the journal is as it was");
	journal_close(j);
}

/* A journal of N records whose last line is cut to KEEP bytes: does the owner keep the N-1 before, and
 * append well after them? */
static bool
survives(const char *data, size_t len, size_t n)
{
	struct journal *j;
	struct err e;
	bool good;

	spill(data, len);
	if (open_journal(&j, &e) < 0) {
		printf("# %zu bytes: %s\n", len, e.text);
		return false;
	}
	good = saw(n) && add(j, n + 1, NULL, &e) == 0 && add(j, n + 2, NULL, &e) == 0;
	journal_close(j);
	good = good && open_journal(&j, &e) == 0 && saw(n + 2);
	journal_close(good ? j : NULL);
	if (!good)
		printf("# %zu bytes\n", len);
	return good;
}

static void
test_torn(void)
{
	static const char garbage[] = "{\"rec\":\"attempt\"}\n\n\xff\xfe\n{}\nhalf";
	size_t len, start, bad = 0;
	char *data, *longer;

	make(3);
	data = slurp(&len);
	start = len - 1;
	while (data[start - 1] != '\n')
		start--;
	for (size_t n = start; n < len; n++)
		bad += !survives(data, n, 2);
	is_u64(bad, 0, "a last line torn at any byte is cut off, and what is before it kept");
	ok(survives(data, len, 3), "a whole one is kept");
	for (bad = 0, start = 0; data[start] != '\n'; start++)
		bad += !survives(data, start, 0);
	is_u64(bad, 0, "a head torn at any byte is written anew");
	ok(survives(data, start, 0) && survives(data, start + 1, 0), "with and without its newline");
	longer = mem_alloc(len + 10000);
	memcpy(longer, data, len);
	ok(survives(longer, len + 1, 3) && survives(longer, len + 4096, 3),
	    "zero bytes at the end are cut off");
	ok(survives(longer, len - 1, 2), "as is a line whose newline is missing");
	longer[len - 1] = '\0';
	ok(survives(longer, len + 4096, 2), "and one whose newline is zero, with zeros behind it");
	longer[len - 1] = '\n';
	memcpy(longer + len, garbage, sizeof(garbage));
	ok(survives(longer, len + sizeof(garbage) - 1, 3), "any number of bad lines at the end");
	memcpy(longer + len, data, 60);
	ok(survives(longer, len + 60, 3), "half of a head that does not belong there");
	free(longer);
	free(data);
}

/* --- damage --- */

static bool
refused(const char *data, size_t len, enum err_code code, const char *reason)
{
	struct journal *j;
	struct err e;
	size_t after;
	char *now;
	uint64_t offset = 0;
	bool good;

	spill(data, len);
	good = open_journal(&j, &e) == -1 && e.code == code && strstr(e.text, reason) != NULL &&
	    strstr(e.text, path) != NULL;
	if (!good)
		printf("# opened, or for another reason: %s\n", e.text);
	journal_close(j);
	now = slurp(&after);
	if (after != len || memcmp(now, data, len) != 0) {
		printf("# the journal was changed\n");
		good = false;
	}
	free(now);
	fresh();
	return good && journal_read(path, FORMAT, RUN, &offset, note, &replay, &e) == -1 && e.code == code;
}

static void
test_damage(void)
{
	static const unsigned char values[] = { 0, '\n', ' ', 'x', '9', '"', 0xff };
	struct journal *j;
	struct err e;
	size_t len, head = 0, last, bad = 0;
	char *data, *copy;

	make(3);
	data = slurp(&len);
	while (data[head++] != '\n')
		;
	for (last = len - 1; data[last - 1] != '\n';)
		last--;
	copy = mem_alloc(2 * len);
	for (size_t i = 0; i + 1 < last; i++) {
		for (size_t v = 0; v < GPM_ARRAY_LEN(values); v++) {
			if (data[i] == (char)values[v])
				continue;
			memcpy(copy, data, len);
			copy[i] = (char)values[v];
			if (!refused(copy, len, ERR_DIFFERS, "is damaged"))
				printf("# byte %zu, value %d\n", i, values[v]), bad++;
		}
	}
	is_u64(bad, 0, "any byte changed before the last line is damage, and left as it is");
	memcpy(copy, data, head);
	memcpy(copy + head, data, len);
	spill(copy, len + head);
	ok(open_journal(&j, &e) == 0 && replay.strange && replay.n == 3,
	    "a second head is a record like others");
	journal_close(j);
	memcpy(copy, data + head, len - head);
	ok(refused(copy, len - head, ERR_DIFFERS, "the first line is no head"), "the head is missing");
	memcpy(copy, data, head);
	copy[head] = '\n';
	memcpy(copy + head + 1, data + head, len - head);
	ok(refused(copy, len + 1, ERR_DIFFERS, "is damaged"), "an empty line in between");
	free(copy);
	free(data);
}

static void
test_wrong_head(void)
{
	char format[] = FORMAT, run[] = RUN, gpm[] = "9";
	struct rec_head head = { format, 2, run, gpm };
	struct journal *j;
	struct buf b;
	struct err e;
	uint64_t offset = 0;
	char *data, *first;
	size_t len;

	make(1);
	ok(journal_open(path, "gpm-export-journal", RUN, note, &replay, &j, &e) == -1 &&
	    e.code == ERR_DIFFERS, "another format");
	has_str(e.text, "is a 'gpm-push-journal', not a 'gpm-export-journal'", "the message names both");
	ok(journal_open(path, FORMAT, "20261120T231816Z-000000", note, &replay, &j, &e) == -1 &&
	    e.code == ERR_DIFFERS, "another run");
	has_str(e.text, "belongs to run " RUN, "the message names it");
	ok(journal_read(path, FORMAT, "20261120T231816Z-000000", &offset, note, &replay, &e) == -1 &&
	    offset == 0, "for a reader as well");
	ok(journal_read("/nonexistent/journal", FORMAT, RUN, &offset, note, &replay, &e) == 0,
	    "an absent journal is no error for a reader");

	/* A newer version: its head as a record of this journal, which has a good check, put first. */
	buf_init(&b, RECORD_LINE_LIMIT);
	ok(open_journal(&j, &e) == 0 && journal_append(j, REC_HEAD, &head, NULL, &e) == 0,
	    "a head of version 2");
	journal_close(j);
	data = slurp(&len);
	for (first = data + len - 1; first[-1] != '\n'; first--)
		;
	ok(buf_add(&b, first, (size_t)(data + len - first), &e) == 0, "is cut out");
	ok(refused(b.data, b.len, ERR_FAILED, "has version 2; this program reads version 1"),
	    "a newer version is refused");
	buf_release(&b);
	free(data);
}

/* --- readers and writers at the same time --- */

static void
test_read(void)
{
	struct journal *j;
	struct err e;
	struct stat st;
	uint64_t offset = 0;
	size_t len;
	char *data;
	int rc;

	make(2);
	fresh();
	ok(journal_read(path, FORMAT, RUN, &offset, note, &replay, &e) == 1 && saw(2),
	    "what is there is read");
	ok(stat(path, &st) == 0 && offset == (uint64_t)st.st_size, "to the end");
	ok(journal_read(path, FORMAT, RUN, &offset, note, &replay, &e) == 1 && saw(2), "and not again");
	data = slurp(&len);
	ok(journal_open(path, FORMAT, RUN, note, &(struct replay){ .n = 0 }, &j, &e) == 0 && add(j, 3, NULL,
	    &e) == 0, "more comes");
	ok(journal_read(path, FORMAT, RUN, &offset, note, &replay, &e) == 1 && saw(3), "only that is read");
	is_u64(replay.places[2].offset, len, "where it stands in the whole file");
	journal_close(j);
	free(data);

	/* A reader that comes while a line is half written leaves it for the next time. */
	data = slurp(&len);
	offset = 0;
	fresh();
	spill(data, len - 5);
	rc = journal_read(path, FORMAT, RUN, &offset, note, &replay, &e);
	ok(rc == 1 && saw(2) && stat(path, &st) == 0 && (uint64_t)st.st_size == len - 5,
	    "half a line is left, and left alone");
	spill(data, len);
	ok(journal_read(path, FORMAT, RUN, &offset, note, &replay, &e) == 1 && saw(3) && offset == len,
	    "it is read when it is whole");
	free(data);
}

struct writer {
	struct journal *j;
	uint64_t first, count;
	unsigned bad;
};

/* Appends and notes FIRST … FIRST+COUNT-1 and reads each appended one back at once. */
static void *
write_many(void *arg)
{
	struct writer *w = arg;
	char method[] = "copy", now[] = "t";
	struct journal_place place;
	struct record r;
	struct err e;

	for (uint64_t i = w->first; i < w->first + w->count; i++) {
		struct rec_attempt rec = { i, 1, 1, method, now };

		if (i % 3 == 0) {
			w->bad += journal_note(w->j, REC_ATTEMPT, &rec, &e) != 0;
			continue;
		}
		if (journal_append(w->j, REC_ATTEMPT, &rec, &place, &e) < 0 || journal_record_at(w->j, place,
		    &r, &e) < 0) {
			w->bad++;
			continue;
		}
		w->bad += r.type != REC_ATTEMPT || r.u.attempt.table != i;
		record_release(&r);
	}
	return NULL;
}

static bool
all_once(uint64_t n)
{
	static unsigned char times[MANY + 1];
	bool good = replay.n == n && !replay.strange;

	memset(times, 0, sizeof(times));
	for (size_t i = 0; i < replay.n; i++)
		good = good && replay.numbers[i] <= n && times[replay.numbers[i]]++ == 0;
	return good;
}

static void
test_threads(void)
{
	enum { THREADS = 8, EACH = 100 };
	struct writer writers[THREADS];
	pthread_t threads[THREADS];
	struct journal *j;
	struct err e;
	uint64_t offset = 0;
	unsigned bad = 0;
	int rc = 1;

	make(0);
	ok(open_journal(&j, &e) == 0, "one journal, many threads");
	for (unsigned i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ j, 1 + i * EACH, EACH, 0 };
		bad += pthread_create(&threads[i], NULL, write_many, &writers[i]) != 0;
	}
	/* a reader with another handle, while they write */
	while (rc == 1 && bad == 0 && replay.n < THREADS * EACH / 2)
		rc = journal_read(path, FORMAT, RUN, &offset, note, &replay, &e);
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		bad += writers[i].bad;
	}
	is_u64(bad, 0, "every thread reads what it wrote");
	if (rc == 1)
		rc = journal_read(path, FORMAT, RUN, &offset, note, &replay, &e);
	ok(rc == 1 && all_once(THREADS * EACH), "a reader meanwhile gets every line once");
	journal_close(j);
	ok(open_journal(&j, &e) == 0 && all_once(THREADS * EACH), "and so does the next owner");
	journal_close(j);
}

/* Killed in the middle of writing: the next owner goes on with what was appended. */
static void
test_killed(void)
{
	struct journal *j;
	struct err e;
	bool good = true;
	size_t last = 0;

	make(0);
	for (int round = 0; good && round < 10; round++) {
		int said[2];
		uint64_t number = 0, acknowledged = 0;
		pid_t pid;

		if (pipe(said) != 0)
			break;
		if ((pid = fork()) == 0) {
			if (open_journal(&j, &e) < 0)
				_exit(1);
			for (uint64_t i = replay.n + 1; add(j, i, NULL, &e) == 0; i++)
				if (write(said[1], &i, sizeof(i)) != sizeof(i))
					_exit(1);
			_exit(1);
		}
		close(said[1]);
		for (int i = 0; i < 5 && read(said[0], &number, sizeof(number)) == sizeof(number); i++)
			acknowledged = number;
		kill(pid, SIGKILL);
		while (read(said[0], &number, sizeof(number)) == sizeof(number))
			acknowledged = number;
		close(said[0]);
		waitpid(pid, NULL, 0);
		good = open_journal(&j, &e) == 0 && replay.n >= acknowledged && acknowledged > last &&
		    saw(replay.n);
		last = replay.n;
		journal_close(j);
	}
	ok(good, "ten writers killed, no acknowledged line lost");
}

/* --- writes that fail --- */

static void
test_full(void)
{
	int status = -1;
	pid_t pid;

	make(2);
	fflush(stdout);
	if ((pid = fork()) == 0) {
		struct rlimit limit;
		struct journal *j;
		struct stat st;
		struct err e;

		signal(SIGXFSZ, SIG_IGN);
		if (open_journal(&j, &e) < 0 || !saw(2) || stat(path, &st) != 0)
			_exit(1);
		limit.rlim_cur = limit.rlim_max = (rlim_t)st.st_size + 40; /* half a line fits */
		setrlimit(RLIMIT_FSIZE, &limit);
		if (add(j, 3, NULL, &e) == 0 || e.code != ERR_SYSTEM)
			_exit(2);
		if (add(j, 3, NULL, &e) == 0 || strstr(e.text, "an earlier write") == NULL)
			_exit(3);
		if (journal_note(j, REC_ATTEMPT, &(struct rec_attempt){ 0 }, &e) == 0)
			_exit(4);
		journal_close(j);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	is_u64((uint64_t)status, 0, "after a failed write a journal refuses everything");
}

static void
test_after_full(void)
{
	char format[] = "\xff", text[] = "x";
	struct rec_head bad = { format, 1, text, text };
	struct journal *j;
	struct err e;

	ok(open_journal(&j, &e) == 0 && saw(2) && add(j, 3, NULL, &e) == 0,
	    "the next owner cuts off what was half written");
	ok(journal_append(j, REC_HEAD, &bad, NULL, &e) == -1, "a record that cannot be written");
	ok(add(j, 4, NULL, &e) == 0, "does no harm to the next");
	journal_close(j);
	ok(open_journal(&j, &e) == 0 && saw(4), "all is there");
	journal_close(j);
}

/* A line may have 16 MiB with its check and newline, and no byte more. */
static void
test_long(void)
{
	char text[] = "t", *name = mem_alloc(RECORD_LINE_LIMIT + 1);
	struct rec_skipped rec = { name, text, text, text };
	const char fixed[] = "{\"rec\":\"skipped\",\"schema\":\"\",\"name\":\"t\",\"kind\":\"t\","
	    "\"reason\":\"t\",\"check\":\"0123456789abcdef\"}\n";
	size_t longest = RECORD_LINE_LIMIT - strlen(fixed);
	struct journal *j;
	struct journal_place place = { 0, 0 };
	struct record r;
	struct err e;

	make(0);
	ok(open_journal(&j, &e) == 0, "long lines");
	memset(name, 'x', longest);
	ok(journal_append(j, REC_SKIPPED, &rec, &place, &e) == 0, "16 MiB");
	is_u64(place.len + 1, RECORD_LINE_LIMIT, "with its newline");
	ok(journal_record_at(j, place, &r, &e) == 0 && strlen(r.u.skipped.schema) == longest, "is read");
	record_release(&r);
	name[longest] = 'x';
	ok(journal_append(j, REC_SKIPPED, &rec, &place, &e) == -1, "a byte more is refused");
	ok(add(j, 1, NULL, &e) == 0, "which does no harm");
	journal_close(j);
	fresh();
	ok(open_journal(&j, &e) == 0 && replay.strange && replay.n == 1, "replayed");
	journal_close(j);
	free(name);
}

int
main(void)
{
	struct err e;

	if (mkdtemp(base) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/j.jsonl", base);
	test_append();
	test_callback();
	test_torn();
	test_damage();
	test_wrong_head();
	test_read();
	test_threads();
	test_killed();
	test_full();
	test_after_full();
	test_long();
	if (file_remove_tree(base, &e) < 0)
		printf("# %s\n", e.text);
	return tap_done();
}
