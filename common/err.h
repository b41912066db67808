/* err.h -- the one error value.
 *
 * A function that can fail returns 0 or -1 (or what its header says) and fills the struct err
 * that its caller gave.  Only main() prints it and turns the code into the exit status.
 * Texts are lower case without a full stop: "cannot open 'x': Permission denied"; a hint says
 * what to do next. */
#ifndef GPM_ERR_H
#define GPM_ERR_H

enum err_code {
#define ERR(name, exit_status, transient, meaning) ERR_##name,
#include "err.def"
#undef ERR
	ERR_COUNT
};

struct err {
	enum err_code code;
	char text[1536];
	char hint[512];
};

/* err_set(e, code, fmt, ...): fill E, drop its hint, return -1.  Text that is too long is cut. */
int err_set(struct err *, enum err_code, const char *fmt, ...) GPM_PRINTF(3, 4);

/* err_sys(e, fmt, ...): as err_set with ERR_SYSTEM and errno's text appended after ": ".
 * Uses the errno of the call before it. */
int err_sys(struct err *, const char *fmt, ...) GPM_PRINTF(2, 3);

/* err_context(e, fmt, ...): put "<text>: " before E's text, keep the code, return -1. */
int err_context(struct err *, const char *fmt, ...) GPM_PRINTF(2, 3);

/* err_hint(e, fmt, ...): say what to do next; return -1. */
int err_hint(struct err *, const char *fmt, ...) GPM_PRINTF(2, 3);

void err_clear(struct err *);

const char *err_name(enum err_code);     /* "SYSTEM" */
const char *err_meaning(enum err_code);  /* the sentence of err.def */
bool err_is_transient(const struct err *);

/* err_exit(code): the exit status of CODE; STOPPED gives 128 + stop_signal() (stop.h). */
int err_exit(enum err_code);

/* err_worse(a, b): the code to report when both happened: DIFFERS before FAILED's kind, that
 * before PARTIAL, that before TEMPORARY, then LIMIT; STOPPED before all. */
enum err_code err_worse(enum err_code, enum err_code);

/* err_gather(worst, e): E joins what went wrong before: WORST is the worse of both after, and the other is
 * printed.  WORST begins as ERR_OK. */
void err_gather(struct err *worst, const struct err *e);

/* err_print(e): "gpm-push: error: text" and, when there is one, "gpm-push: hint: …", through the log; nothing
 * when there is no text: the exit status alone tells. */
void err_print(const struct err *);

#endif
