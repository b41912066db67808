/* receive.h -- gpm-export receive: rows of another host's export, from the segments into files on this host. */
#ifndef GPM_RECEIVE_H
#define GPM_RECEIVE_H

struct err;
struct opts;

/* How long a segment tries to bring a body to such a receiver.  One that died is noticed by this alone. */
#define RECEIVE_RETRY_S 600

/* receive_run(opts, e): until a signal comes. */
int receive_run(const struct opts *, struct err *) GPM_NODISCARD;

#endif
