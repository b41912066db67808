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

/* stop_gently(): from now on the first signal only asks: what is under way is finished, nothing else begun.  The
 * second, of any kind, is what the first is otherwise; the third ends the program. */
void stop_gently(void);

/* stop_thread(flag): from now on stop_check in this thread fails too once *FLAG is set (by __atomic_store_n); NULL:
 * only by signals.  For threads whose work somebody else may give up. */
void stop_thread(const bool *flag);
const bool *stop_thread_flag(void); /* of this thread, to hand on to those that it starts */

/* stop_check(e): 0, or -1 with ERR_STOPPED once a signal came (after stop_gently: the second): what is under way is to
 * be given up.
 * stop_asked(e): the same at the first signal always: nothing new is to be begun. */
int stop_check(struct err *) GPM_NODISCARD;
int stop_asked(struct err *) GPM_NODISCARD;

#endif
