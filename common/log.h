/* log.h -- messages for people and for log files, on stderr.
 *
 * Text:  "gpm-push: warning: …"          JSON (--log-format json), one object a line:
 *        {"time":"2026-11-20T23:18:16.042Z","tool":"gpm-push","level":"warning","message":"…"}
 * Greenplum (--log-format greenplum), as its management tools write, in local time with the process's number:
 *        20261120:23:18:16:004242 gpm-push:mdw:gpadmin-[WARNING]:-…
 * Info has no label in text.  In text, and in Greenplum's, the second and later lines of a message start with a tab
 * and control characters are spelt \x1b; in JSON bytes that are not UTF-8 become U+FFFD.
 * Any thread may log; a message is written whole, by one write, and leaves errno alone. */
#ifndef GPM_LOG_H
#define GPM_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON, LOG_FORMAT_GREENPLUM };

/* log_setup(tool, level, format): TOOL is kept as given, not copied.  Before it is called the
 * level is INFO and the format text.  -q gives WARNING, -v DEBUG. */
void log_setup(const char *tool, enum log_level, enum log_format);

void log_error(const char *fmt, ...) GPM_PRINTF(1, 2);
void log_hint(const char *fmt, ...) GPM_PRINTF(1, 2);    /* shown with errors; what to do next */
void log_warning(const char *fmt, ...) GPM_PRINTF(1, 2);
void log_info(const char *fmt, ...) GPM_PRINTF(1, 2);
void log_debug(const char *fmt, ...) GPM_PRINTF(1, 2);

enum log_format log_get_format(void);
bool log_enabled(enum log_level);

/* log_status(text): replace the terminal's current line by TEXT (no newline), or erase it when
 * TEXT is NULL; the next message erases it first.  Only for progress.c, only on a terminal. */
void log_status(const char *text);

#endif
