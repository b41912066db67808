/* progress.c -- a log line an interval, or one line rewritten on a terminal.
 *
 * Nothing here measures time: a test waits until the output it asks for is there, and fails when
 * it has not come long after it should have. */
#include "prelude.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "log.h"
#include "progress.h"
#include "tap.h"

#define PATIENCE_MS 20000

static char output[65536];
static size_t output_len;

static void
forget_output(void)
{
	output_len = 0;
	output[0] = '\0';
}

/* Read FD until PART was seen; false when it does not come. */
static bool
wait_for(int fd, const char *part)
{
	while (strstr(output, part) == NULL) {
		struct pollfd p = { fd, POLLIN, 0 };
		ssize_t n;

		if (poll(&p, 1, PATIENCE_MS) <= 0)
			return false;
		n = read(fd, output + output_len, sizeof(output) - 1 - output_len);
		if (n <= 0)
			return false;
		output_len += (size_t)n;
		output[output_len] = '\0';
	}
	return true;
}

/* What is there now, without waiting. */
static void
read_rest(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	while (poll(&p, 1, 0) > 0) {
		ssize_t n = read(fd, output + output_len, sizeof(output) - 1 - output_len);

		if (n <= 0)
			return;
		output_len += (size_t)n;
		output[output_len] = '\0';
	}
}

static int
stderr_to_pipe(void)
{
	int fds[2];

	if (pipe(fds) < 0 || dup2(fds[1], STDERR_FILENO) < 0)
		exit(99);
	close(fds[1]);
	return fds[0];
}

/* Returns the side of the terminal that shows; -1 when the machine has none to give. */
static int
stderr_to_terminal(unsigned short columns)
{
	struct winsize size = { .ws_row = 24, .ws_col = columns };
	int shows = posix_openpt(O_RDWR | O_NOCTTY), program;

	if (shows < 0 || grantpt(shows) < 0 || unlockpt(shows) < 0 ||
	    (program = open(ptsname(shows), O_RDWR | O_NOCTTY)) < 0)
		return -1;
	if (ioctl(program, TIOCSWINSZ, &size) < 0 || dup2(program, STDERR_FILENO) < 0)
		exit(99);
	close(program);
	return shows;
}

/* Columns of the longest line that was drawn; the test's names are UTF-8. */
static size_t
widest_line(void)
{
	size_t widest = 0, columns = 0;

	for (const char *p = output; *p != '\0'; p++) {
		if (*p == '\r')
			columns = 0;
		else if (strncmp(p, "\033[K", 3) == 0)
			p += 2;
		else if (((unsigned char)*p & 0xc0) != 0x80)
			columns++;
		if (columns > widest)
			widest = columns;
	}
	return widest;
}

static void
test_counters(void)
{
	struct progress *p = progress_start("exported", 0);

	progress_add(p, 2, 100);
	progress_add(p, 3, 11);
	is_u64(progress_rows(p), 5, "rows add up");
	is_u64(progress_bytes(p), 111, "bytes add up");
	ok(progress_seconds(p) >= 0, "time does not run backwards");
	progress_stop(p);
	progress_stop(NULL);
	ok(1, "progress_stop takes NULL");
}

static void
test_log_lines(void)
{
	int fd = stderr_to_pipe();
	struct progress *p;

	log_setup("gpm-export", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	p = progress_start("exported", 1);
	progress_expect(p, (uint64_t)1 << 60);
	progress_add(p, 1234567, 1536 * 1024);
	progress_table(p, "public", "orders\n\033x");
	ok(wait_for(fd, "\n"), "pipe: a line comes");
	has_str(output, "gpm-export: exported 1,234,567 rows, 1.5 MB, ", "pipe: rows and bytes");
	has_str(output, "/s, ", "pipe: speed");
	has_str(output, " left (public.orders??x)\n", "pipe: time left and the table, made harmless");
	ok(strchr(output, '\r') == NULL && strchr(output, '\033') == NULL,
	    "pipe: nothing is rewritten");
	forget_output();
	progress_add(p, 1, 0);
	ok(wait_for(fd, "1,234,568 rows"), "pipe: a second line comes, with the new count");
	forget_output();
	progress_stop(p);
	read_rest(fd);
	is_str(output, "", "pipe: nothing at the end");
	close(fd);
}

static void
test_json(void)
{
	int fd = stderr_to_terminal(200);
	struct progress *p;

	if (fd < 0) {
		ok(1, "json # SKIP no terminal to be had");
		return;
	}
	log_setup("gpm-export", LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	p = progress_start("pushed", 1);
	progress_add(p, 7, 2048);
	ok(wait_for(fd, "\n"), "json: a log line, even on a terminal");
	has_str(output, "\"message\":\"pushed 7 rows, 2.0 KB, ", "json: rows and bytes");
	ok(strstr(output, "left") == NULL, "json: no time left without an expectation");
	forget_output();
	progress_stop(p);
	close(fd);
}

static void
test_terminal(void)
{
	int fd = stderr_to_terminal(50);
	struct progress *p;

	if (fd < 0) {
		ok(1, "terminal # SKIP no terminal to be had");
		return;
	}
	log_setup("gpm-export", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	p = progress_start("exported", 3600);
	progress_expect(p, (uint64_t)1 << 60);
	progress_table(p, NULL, "public.\xc3\xb6rders");
	progress_add(p, 3200000, 1 << 20);
	ok(wait_for(fd, "rows  1.0 MB"), "terminal: a line comes, whatever the interval");
	has_str(output, "\r\033[Kpublic.\xc3\xb6rders  3,200,000 rows  1.0 MB", "terminal: the line");
	ok(strchr(output, '\n') == NULL, "terminal: no newline");
	progress_add(p, 1, 0);
	ok(wait_for(fd, "\r\033[Kpublic.\xc3\xb6rders  3,200,001 rows"), "terminal: it is rewritten");
	progress_table(p, NULL, "a_sch\xc3\xa9ma_with_a_long_name.a_table_with_a_long_name");
	ok(wait_for(fd, "\r\033[Ka_sch\xc3\xa9ma_with_a_long_name  3,200,001 rows"),
	    "terminal: a long name leaves room for the numbers");
	is_u64(widest_line(), 49, "terminal: lines are cut to the width");
	ok(strchr(output, '\n') == NULL, "terminal: still no newline");
	forget_output();
	progress_stop(p);
	read_rest(fd);
	ok(output_len >= 4 && strcmp(output + output_len - 4, "\r\033[K") == 0,
	    "terminal: the line is erased at the end");
	forget_output();
	close(fd);
}

static void
test_silent(void)
{
	int fd = stderr_to_terminal(80);
	struct progress *quiet, *loud;

	if (fd < 0) {
		ok(1, "silent # SKIP no terminal to be had");
		return;
	}
	log_setup("gpm-export", LOG_LEVEL_WARNING, LOG_FORMAT_TEXT);
	quiet = progress_start("quiet", 1);
	log_setup("gpm-export", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	loud = progress_start("loud", 1);
	/* Both would have drawn by the time that the later one has drawn twice. */
	ok(wait_for(fd, "loud  0 rows"), "silent: the other draws");
	progress_add(loud, 1, 0);
	ok(wait_for(fd, "loud  1 rows"), "silent: the other draws again");
	ok(strstr(output, "quiet") == NULL, "silent: no line under -q");
	progress_stop(quiet);
	progress_stop(loud);
	forget_output();
	close(fd);
}

static void
test_dumb_terminal(void)
{
	int fd = stderr_to_terminal(80);
	struct progress *p;

	if (fd < 0) {
		ok(1, "dumb terminal # SKIP no terminal to be had");
		return;
	}
	setenv("TERM", "dumb", 1);
	p = progress_start("exported", 1);
	ok(wait_for(fd, "gpm-export: exported 0 rows, 0 B, 0 B/s\r\n"), "dumb terminal: log lines");
	progress_stop(p);
	forget_output();
	close(fd);
}

int
main(void)
{
	setenv("TERM", "xterm", 1);
	test_counters();
	test_log_lines();
	test_json();
	test_terminal();
	test_silent();
	test_dumb_terminal();
	return tap_done();
}
