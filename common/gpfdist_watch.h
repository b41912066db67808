/* gpfdist_watch.h -- connections that have to do something by a time, or are shut.
 *
 * The library's own timeout starts anew with each byte, so one who sends a byte now and then would
 * keep a connection for ever. */
#ifndef GPM_GPFDIST_WATCH_H
#define GPM_GPFDIST_WATCH_H

struct err;
struct watch;   /* a thread that looks every second */
struct watched; /* one connection */

int watch_start(struct watch **out, struct err *) GPM_NODISCARD;
void watch_stop(struct watch *); /* every connection was removed before; NULL is fine */

/* watch_add(w, fd, seconds): FD stays open until watch_remove. */
struct watched *watch_add(struct watch *, int fd, unsigned seconds) GPM_NODISCARD;
void watch_remove(struct watch *, struct watched *);

/* watch_set(w, c, seconds): shut it down in SECONDS from now unless this is called again; 0: never. */
void watch_set(struct watch *, struct watched *, unsigned seconds);

#endif
