/* log.c -- messages for people and for log files, on stderr. */
#include "prelude.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <pwd.h>
#include <unistd.h>

#include "buf.h"
#include "log.h"

#define ERASE_LINE "\r\033[K"

static const char *tool_name = "gpm";
static enum log_level max_level = LOG_LEVEL_INFO;
static enum log_format format = LOG_FORMAT_TEXT;

/* Held around every write, and guards status_shown. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool status_shown;

void
log_setup(const char *tool, enum log_level level, enum log_format how)
{
	tool_name = tool;
	max_level = level;
	format = how;
}

enum log_format
log_get_format(void)
{
	return format;
}

bool
log_enabled(enum log_level level)
{
	return level <= max_level;
}

/* One write for the whole of it; more only where the kernel took a part.  A log that cannot be
 * written is no reason to stop the work, and there is nowhere to say so. */
static void
write_whole(const struct buf *out)
{
	size_t done = 0;

	while (done < out->len) {
		ssize_t n = write(STDERR_FILENO, out->data + done, out->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		done += (size_t)n;
	}
}

/* How many bytes at P form one well-formed UTF-8 character (RFC 3629); 0 when they do not.  The
 * NUL at the end of the text stops it, as it is no continuation byte. */
static size_t
utf8_len(const unsigned char *p)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 :
	    p[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

/* TEXT inside a JSON string.  JSON must be UTF-8, but a server in another encoding sends what it
 * has: a byte that fits nowhere becomes U+FFFD, as decoders do it. */
static void
put_json(struct buf *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p != '\0') {
		size_t n = utf8_len(p);

		if (n == 0)
			text_puts(out, "\\ufffd");
		else if (*p == '"' || *p == '\\')
			text_printf(out, "\\%c", *p);
		else if (*p == '\n')
			text_puts(out, "\\n");
		else if (*p < 0x20)
			text_printf(out, "\\u%04x", (unsigned)*p);
		else
			text_add(out, p, n);
		p += n > 0 ? n : 1;
	}
}

/* TEXT for people.  Lines after the first are indented by a tab, as in the server's log, so that
 * no data can pose as a message; other control characters could drive the terminal and are spelt. */
static void
put_text(struct buf *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '\n')
			text_puts(out, "\n\t");
		else if ((c < 0x20 && c != '\t') || c == 0x7f)
			text_printf(out, "\\x%02x", (unsigned)c);
		else
			text_add(out, p, 1);
	}
}

/* --- formats --------------------------------------------------------------------------------- */

static void
put_text_line(struct buf *out, const char *label, const char *text)
{
	text_printf(out, "%s: ", tool_name);
	if (strcmp(label, "info") != 0)
		text_printf(out, "%s: ", label);
	put_text(out, text);
	text_puts(out, "\n");
}

static void
put_json_line(struct buf *out, const char *label, const char *text)
{
	struct timespec now;
	struct tm utc;
	char when[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &utc);
	text_printf(out, "{\"time\":\"%s.%03ldZ\",\"tool\":\"", when, now.tv_nsec / 1000000);
	put_json(out, tool_name);
	text_printf(out, "\",\"level\":\"%s\",\"message\":\"", label);
	put_json(out, text);
	text_puts(out, "\"}\n");
}

/* As gpstart and the like write to gpAdminLogs, where sites gather their logs by this pattern.  They know no hints. */
static void
put_greenplum_line(struct buf *out, const char *label, const char *text)
{
	bool hint = strcmp(label, "hint") == 0;
	time_t now = time(NULL);
	char host[256] = "", when[32];
	struct passwd *user = getpwuid(geteuid());
	struct tm local;

	localtime_r(&now, &local);
	strftime(when, sizeof(when), "%Y%m%d:%H:%M:%S", &local);
	(void)gethostname(host, sizeof(host) - 1);
	text_printf(out, "%s:%06ld %s:%s:%s-[", when, (long)getpid(), tool_name, host, user != NULL ? user->pw_name : "");
	for (const char *c = hint ? "error" : label; *c != '\0'; c++)
		text_printf(out, "%c", toupper((unsigned char)*c));
	text_puts(out, hint ? "]:-hint: " : "]:-");
	put_text(out, text);
	text_puts(out, "\n");
}

static void
put_line(struct buf *out, const char *label, const char *text)
{
	static void (*const put[])(struct buf *, const char *, const char *) = {
		[LOG_FORMAT_TEXT] = put_text_line, [LOG_FORMAT_JSON] = put_json_line, [LOG_FORMAT_GREENPLUM] = put_greenplum_line,
	};

	put[format](out, label, text);
}

/* What all log_* functions do.  errno stays as it was, so that a caller may log before it reports. */
static GPM_PRINTF(3, 0) void
say(enum log_level level, const char *label, const char *fmt, va_list ap)
{
	int saved = errno;
	struct buf out;
	char *text;
	size_t n;

	if (!log_enabled(level))
		return;
	if (vasprintf(&text, fmt, ap) < 0)
		text = mem_str(fmt);
	/* libpq ends its messages with a newline. */
	for (n = strlen(text); n > 0 && text[n - 1] == '\n'; n--)
		text[n - 1] = '\0';
	text_init(&out);
	pthread_mutex_lock(&lock);
	if (status_shown)
		text_puts(&out, ERASE_LINE);
	status_shown = false;
	put_line(&out, label, text);
	write_whole(&out);
	pthread_mutex_unlock(&lock);
	buf_release(&out);
	free(text);
	errno = saved;
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_LEVEL_ERROR, "error", fmt, ap);
	va_end(ap);
}

void
log_hint(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_LEVEL_ERROR, "hint", fmt, ap);
	va_end(ap);
}

void
log_warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_LEVEL_WARNING, "warning", fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_LEVEL_INFO, "info", fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_LEVEL_DEBUG, "debug", fmt, ap);
	va_end(ap);
}

void
log_status(const char *text)
{
	int saved = errno;
	struct buf out;

	text_init(&out);
	pthread_mutex_lock(&lock);
	if (text != NULL || status_shown)
		text_puts(&out, ERASE_LINE);
	if (text != NULL)
		text_puts(&out, text);
	status_shown = text != NULL;
	write_whole(&out);
	pthread_mutex_unlock(&lock);
	buf_release(&out);
	errno = saved;
}
