/* throttle.h -- how fast bytes may go: one limit for all threads, by a timetable that may change meanwhile. */
#ifndef GPM_THROTTLE_H
#define GPM_THROTTLE_H

struct err;
struct throttle;

/* Asked about once a second while bytes go: a new timetable's text, which the caller of it frees, or NULL: as before. */
typedef char *throttle_news_fn(void *ctx);

/* throttle_new(text, news, ctx, out, e): TEXT is a timetable's; NEWS may be NULL.  ERR_USAGE. */
int throttle_new(const char *text, throttle_news_fn *, void *ctx, struct throttle **out, struct err *) GPM_NODISCARD;
void throttle_free(struct throttle *); /* NULL is fine */

/* throttle_take(t, want, granted, e): waits until some of WANT bytes may go, and says how many; all of them at once
 * when there is no limit or T is NULL.  ERR_STOPPED after a signal.  From any thread. */
int throttle_take(struct throttle *, size_t want, size_t *granted, struct err *) GPM_NODISCARD;

/* throttle_on(t): is there a limit now?  A slow line is then no sign of trouble. */
bool throttle_on(struct throttle *);

#endif
