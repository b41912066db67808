/* log.c -- messages arrive whole, on one line of text or as valid JSON.
 *
 * Standard error is a datagram socket here: every write of the log is one datagram, so a message
 * in two writes is seen as two. */
#include "prelude.h"

#include <errno.h>
#include <pthread.h>
#include <regex.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "tap.h"

static int reader = -1;

static void
redirect_stderr(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0 || dup2(pair[1], STDERR_FILENO) < 0)
		exit(99);
	close(pair[1]);
	reader = pair[0];
}

/* The next write of the log; "" when there is none. */
static const char *
next_write(void)
{
	static char got[65536];
	ssize_t n = recv(reader, got, sizeof(got) - 1, MSG_DONTWAIT);

	got[n > 0 ? n : 0] = '\0';
	return got;
}

/* The part of a JSON line after the time. */
static const char *
after_time(const char *line)
{
	const char *p = strstr(line, "Z\",");

	return p != NULL ? p + 3 : line;
}

static void
test_before_setup(void)
{
	log_info("%d tables", 3);
	is_str(next_write(), "gpm: 3 tables\n", "without log_setup: text, level info");
	log_debug("no");
	is_str(next_write(), "", "without log_setup: no debug");
}

static void
test_levels(void)
{
	log_setup("gpm-push", LOG_LEVEL_WARNING, LOG_FORMAT_TEXT);
	log_info("no");
	log_debug("no");
	is_str(next_write(), "", "warning: no info, no debug");
	log_warning("disk is %d%% full", 91);
	is_str(next_write(), "gpm-push: warning: disk is 91% full\n", "warning: a warning");
	log_error("broken");
	is_str(next_write(), "gpm-push: error: broken\n", "warning: an error");
	log_hint("run again");
	is_str(next_write(), "gpm-push: hint: run again\n", "warning: a hint");
	log_setup("gpm-push", LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
	log_debug("step");
	is_str(next_write(), "gpm-push: debug: step\n", "debug: a debug message");
	ok(log_enabled(LOG_LEVEL_DEBUG), "debug is enabled");
	log_setup("gpm-push", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	log_warning("no");
	is_str(next_write(), "", "error: no warning");
	ok(!log_enabled(LOG_LEVEL_WARNING), "warning is not enabled");
}

static void
test_text(void)
{
	struct err e;

	log_setup("gpm-push", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_info("ERROR: x\nDETAIL: y\n");
	is_str(next_write(), "gpm-push: ERROR: x\n\tDETAIL: y\n",
	    "a second line is indented, the last newline is dropped");
	log_info("a\033[2Jb\rc\x7f\td");
	is_str(next_write(), "gpm-push: a\\x1b[2Jb\\x0dc\\x7f\td\n", "control characters are spelt");
	log_info("%s", "gr\xc3\xbc\xc3\x9f " "\xff");
	is_str(next_write(), "gpm-push: gr\xc3\xbc\xc3\x9f \xff\n", "bytes above 127 stay");
	log_info("%s", "100%s");
	is_str(next_write(), "gpm-push: 100%s\n", "data is no format");

	err_set(&e, ERR_USAGE, "bad");
	err_hint(&e, "do well");
	err_print(&e);
	is_str(next_write(), "gpm-push: error: bad\n", "err_print: the error");
	is_str(next_write(), "gpm-push: hint: do well\n", "err_print: the hint");

}

/* A log that nobody can read is no reason to stop, nor to spoil the error that is reported. */
static void
test_no_stderr(void)
{
	int saved = dup(STDERR_FILENO);

	close(STDERR_FILENO);
	errno = EXDEV;
	log_error("x");
	ok(errno == EXDEV, "errno survives a message that cannot be written");
	log_status("x");
	ok(errno == EXDEV, "errno survives a status that cannot be written");
	log_status(NULL);
	if (dup2(saved, STDERR_FILENO) < 0)
		exit(99);
	close(saved);
	is_str(next_write(), "", "nothing is written late");
}

static void
test_json(void)
{
	static const struct { const char *text, *json, *name; } cases[] = {
		{ "plain", "plain", "plain text" },
		{ "a \"b\" \\ /c", "a \\\"b\\\" \\\\ /c", "quotes and backslash" },
		{ "a\nb\n", "a\\nb", "newline inside, none at the end" },
		{ "\x01\t\r\x1b\x1f", "\\u0001\\u0009\\u000d\\u001b\\u001f", "control characters" },
		{ "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x98", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x98",
		    "2, 3 and 4 byte characters stay" },
		{ "a\xff" "b", "a\\ufffdb", "a byte that never occurs" },
		{ "\x80", "\\ufffd", "a lone continuation byte" },
		{ "a\xc3", "a\\ufffd", "a character cut at the end" },
		{ "\xe2\x82\"", "\\ufffd\\ufffd\\\"", "a character cut by a quote" },
		{ "\xc0\xaf", "\\ufffd\\ufffd", "overlong, 2 bytes" },
		{ "\xe0\x80\xaf", "\\ufffd\\ufffd\\ufffd", "overlong, 3 bytes" },
		{ "\xf0\x80\x80\xaf", "\\ufffd\\ufffd\\ufffd\\ufffd", "overlong, 4 bytes" },
		{ "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd", "a surrogate" },
		{ "\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd", "past U+10FFFF" },
		{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", "U+10FFFF" },
	};

	log_setup("gpm-import", LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	ok(log_get_format() == LOG_FORMAT_JSON, "json: the format is known");
	for (size_t i = 0; i < GPM_ARRAY_LEN(cases); i++) {
		char *want = mem_printf("\"tool\":\"gpm-import\",\"level\":\"warning\",\"message\":\"%s\"}\n",
		    cases[i].json);

		log_warning("%s", cases[i].text);
		is_str(after_time(next_write()), want, cases[i].name);
		free(want);
	}
	log_hint("x");
	has_str(next_write(), "\"level\":\"hint\"", "json: a hint");
}

/* Now, in UTC, as the log should spell it up to the second. */
static void
spell_now(char out[64])
{
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(out, 64, "{\"time\":\"%Y-%m-%dT%H:%M:%S", &utc);
}

static void
test_json_time(void)
{
	char before[64], after[64];
	const char *line;
	unsigned ms;
	int end = 0;
	size_t n;

	spell_now(before);
	n = strlen(before);
	log_info("x");
	line = next_write();
	spell_now(after);
	ok(strncmp(line, before, n) >= 0 && strncmp(line, after, n) <= 0, "json: the time is now, in UTC");
	ok(strlen(line) > n && sscanf(line + n, ".%3uZ\",%n", &ms, &end) == 1 && end == 7,
	    "json: with milliseconds");
}

static void
test_status(void)
{
	log_setup("gpm-push", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_status(NULL);
	is_str(next_write(), "", "status: nothing to erase at first");
	log_status("1 row");
	is_str(next_write(), "\r\033[K1 row", "status: shown");
	log_status("2 rows");
	is_str(next_write(), "\r\033[K2 rows", "status: rewritten");
	log_info("hello");
	is_str(next_write(), "\r\033[Kgpm-push: hello\n", "status: erased before a message, in its write");
	log_info("again");
	is_str(next_write(), "gpm-push: again\n", "status: erased once");
	log_status("3 rows");
	next_write();
	log_status(NULL);
	is_str(next_write(), "\r\033[K", "status: erased at the end");
}

#define THREADS 4
#define MESSAGES 50

static void *
chatter(void *arg)
{
	for (int i = 0; i < MESSAGES; i++)
		log_info("%s%0*d", (const char *)arg, 200, i);
	return NULL;
}

static void
test_threads(void)
{
	static char names[THREADS][2] = { "a", "b", "c", "d" };
	pthread_t threads[THREADS];
	int lines = 0, whole = 0;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, chatter, names[i]) != 0)
			exit(99);
	for (; lines < THREADS * MESSAGES; lines++) {
		char got[4096];
		ssize_t n = recv(reader, got, sizeof(got), 0);

		whole += n == (ssize_t)strlen("gpm-push: a\n") + 200 && got[n - 1] == '\n';
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	is_u64((uint64_t)whole, THREADS * MESSAGES, "threads: every write is one whole line");
}

/* 20261120:23:18:16:004242 gpm-push:mdw:gpadmin-[INFO]:-… */
static bool
is_greenplum(const char *line, const char *rest)
{
	regmatch_t match[2];
	regex_t pattern;
	char pid[32];
	bool same;

	snprintf(pid, sizeof(pid), ":%06ld ", (long)getpid());
	if (regcomp(&pattern, "^[0-9]{8}:[0-9]{2}:[0-9]{2}:[0-9]{2}:[0-9]{6,} gpm-push:[^:]+:[^:]+-(.*\n)$", REG_EXTENDED) != 0)
		return false;
	same = regexec(&pattern, line, 2, match, 0) == 0 && strstr(line, pid) != NULL && strcmp(line + match[1].rm_so, rest) == 0;
	regfree(&pattern);
	if (!same)
		printf("# %s", line);
	return same;
}

static void
test_greenplum(void)
{
	log_setup("gpm-push", LOG_LEVEL_DEBUG, LOG_FORMAT_GREENPLUM);
	log_info("%d tables", 3);
	ok(is_greenplum(next_write(), "[INFO]:-3 tables\n"), "greenplum: info");
	log_warning("disk is full");
	ok(is_greenplum(next_write(), "[WARNING]:-disk is full\n"), "greenplum: a warning");
	log_error("a\nb\x1b");
	ok(is_greenplum(next_write(), "[ERROR]:-a\n\tb\\x1b\n"), "greenplum: no data can pose as a message");
	log_hint("run again");
	ok(is_greenplum(next_write(), "[ERROR]:-hint: run again\n"), "greenplum: a hint belongs to its error");
}

int
main(void)
{
	redirect_stderr();
	test_before_setup();
	test_levels();
	test_text();
	test_no_stderr();
	test_json();
	test_json_time();
	test_greenplum();
	log_setup("gpm-push", LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
	test_status();
	test_threads();
	return tap_done();
}
