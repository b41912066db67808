/* stop.h -- SIGINT, SIGTERM and SIGHUP ask the tool to stop at the next safe point. */
#ifndef GPM_STOP_H
#define GPM_STOP_H

struct err;

/* stop_install(): catch the three signals, except those that the caller had ignored (nohup, a shell's
 * background jobs); ignore SIGPIPE.  Call once, before any thread.
 * A second signal of the same kind ends the program at once, by its default action. */
void stop_install(void);

/* stop_signal(): the signal that came, or 0. */
int stop_signal(void);

/* stop_check(e): 0, or -1 with ERR_STOPPED once a signal came. */
int stop_check(struct err *) GPM_NODISCARD;

#endif
