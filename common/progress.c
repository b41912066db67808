/* progress.c -- how far the work is, for people. */
#include "prelude.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "log.h"
#include "parse.h"
#include "progress.h"
#include "ticker.h"

struct progress {
	const char *verb;
	uint64_t period_s;      /* between two prints */
	bool terminal;          /* rewrite one line, instead of logging */
	uint64_t start_ns;
	atomic_uint_fast64_t rows;
	atomic_uint_fast64_t bytes;
	atomic_uint_fast64_t expected;
	struct ticker *ticker;  /* NULL: nothing is shown */
	pthread_mutex_t lock;   /* guards the next */
	char *table;
};

static bool
stderr_rewrites(void)
{
	const char *term = getenv("TERM");

	return log_get_format() == LOG_FORMAT_TEXT && isatty(STDERR_FILENO) &&
	    (term == NULL || strcmp(term, "dumb") != 0);
}

static size_t
terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

/* End TEXT after COLUMNS characters; the bytes of a UTF-8 character stay together. */
static void
cut(char *text, size_t columns)
{
	for (char *p = text; *p != '\0'; p++) {
		if (((unsigned char)*p & 0xc0) == 0x80)
			continue;
		if (columns-- == 0) {
			*p = '\0';
			return;
		}
	}
}

/* "1:02:03", or "2:03" below an hour. */
static void
put_clock(struct buf *out, uint64_t s)
{
	if (s >= 3600)
		text_printf(out, "%" PRIu64 ":%02u:%02u", s / 3600, (unsigned)(s / 60 % 60),
		    (unsigned)(s % 60));
	else
		text_printf(out, "%u:%02u", (unsigned)(s / 60), (unsigned)(s % 60));
}

/* What the terminal's line and the log's line share: rows, bytes, speed and the time left. */
static void
put_numbers(struct buf *out, const struct progress *p, const char *between)
{
	uint64_t bytes = progress_bytes(p), expected = atomic_load(&p->expected);
	double seconds = progress_seconds(p);
	double speed = seconds > 0 ? (double)bytes / seconds : 0;
	char count[FORMAT_SIZE_LEN], size[FORMAT_SIZE_LEN], rate[FORMAT_SIZE_LEN];

	text_printf(out, "%s rows%s%s%s%s/s", format_count(progress_rows(p), count), between,
	    format_size(bytes, size), between, format_size((uint64_t)speed, rate));
	if (speed >= 1 && expected > bytes) {
		text_puts(out, between);
		put_clock(out, (uint64_t)((double)(expected - bytes) / speed));
		text_puts(out, " left");
	}
}

/* A long table name must not push the numbers out of the line: it gets half of it. */
static void
draw_line(const struct progress *p, const char *table)
{
	size_t columns = terminal_columns();
	char *name = mem_str(table != NULL ? table : p->verb);
	struct buf line;
	char *text;

	cut(name, columns / 2);
	text_init(&line);
	text_printf(&line, "%s  ", name);
	put_numbers(&line, p, "  ");
	text = text_str(&line);
	/* A full last column would make some terminals wrap. */
	cut(text, columns - 1);
	log_status(text);
	buf_release(&line);
	free(name);
}

static void
log_line(const struct progress *p, const char *table)
{
	struct buf line;

	text_init(&line);
	text_printf(&line, "%s ", p->verb);
	put_numbers(&line, p, ", ");
	if (table != NULL)
		text_printf(&line, " (%s)", table);
	log_info("%s", text_str(&line));
	buf_release(&line);
}

static uint64_t
show(void *ctx)
{
	struct progress *p = ctx;
	char *table;

	pthread_mutex_lock(&p->lock);
	table = mem_str(p->table);
	pthread_mutex_unlock(&p->lock);
	if (p->terminal)
		draw_line(p, table);
	else
		log_line(p, table);
	free(table);
	return p->period_s;
}

struct progress *
progress_start(const char *verb, uint64_t interval_s)
{
	struct progress *p = mem_alloc(sizeof(*p));

	p->verb = verb;
	p->terminal = stderr_rewrites();
	p->period_s = p->terminal ? 1 : interval_s;
	p->start_ns = clock_ns();
	atomic_init(&p->rows, 0);
	atomic_init(&p->bytes, 0);
	atomic_init(&p->expected, 0);
	pthread_mutex_init(&p->lock, NULL);
	if (p->period_s == 0 || !log_enabled(LOG_LEVEL_INFO))
		return p;
	if ((p->ticker = ticker_start(p->period_s, show, p)) == NULL)
		log_warning("no progress is shown: cannot start a thread");
	return p;
}

void
progress_expect(struct progress *p, uint64_t bytes)
{
	atomic_fetch_add(&p->expected, bytes);
}

/* Names come from a database and may hold what would move the cursor. */
void
progress_table(struct progress *p, const char *schema, const char *name)
{
	char *copy = schema != NULL ? mem_printf("%s.%s", schema, name) : mem_str(name);

	for (char *c = copy; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	pthread_mutex_lock(&p->lock);
	free(p->table);
	p->table = copy;
	pthread_mutex_unlock(&p->lock);
}

void
progress_add(struct progress *p, uint64_t rows, uint64_t bytes)
{
	atomic_fetch_add(&p->rows, rows);
	atomic_fetch_add(&p->bytes, bytes);
}

uint64_t
progress_rows(const struct progress *p)
{
	return atomic_load(&p->rows);
}

uint64_t
progress_bytes(const struct progress *p)
{
	return atomic_load(&p->bytes);
}

double
progress_seconds(const struct progress *p)
{
	return (double)(clock_ns() - p->start_ns) / 1e9;
}

void
progress_stop(struct progress *p)
{
	if (p == NULL)
		return;
	if (p->ticker != NULL) {
		ticker_stop(p->ticker);
		if (p->terminal)
			log_status(NULL);
	}
	pthread_mutex_destroy(&p->lock);
	free(p->table);
	free(p);
}
