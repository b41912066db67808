/* progress.h -- how far the work is, for people.
 *
 * On a terminal one line is rewritten once a second ("public.orders  3,200,000 rows  1.2 GB  85 MB/s
 * 0:14 left"), cut to its width; elsewhere, and in a JSON log, one log line an interval, at level
 * info.  Silent under -q.  Speed and time left are averages since the start.
 * A background thread prints; the counters may be bumped from any thread. */
#ifndef GPM_PROGRESS_H
#define GPM_PROGRESS_H

struct progress;

/* progress_start(verb, interval_s): VERB as in "exported"; kept by pointer.  Prints nothing yet.
 * An interval of 0 means no log lines. */
struct progress *progress_start(const char *verb, uint64_t interval_s) GPM_NODISCARD;

/* progress_expect(p, bytes): add to the total that "left" is computed from; 0 total = unknown. */
void progress_expect(struct progress *, uint64_t bytes);
/* progress_table(p, schema, name): the table that is worked on now; SCHEMA may be NULL.  Copied. */
void progress_table(struct progress *, const char *schema, const char *name);
void progress_add(struct progress *, uint64_t rows, uint64_t bytes);
uint64_t progress_rows(const struct progress *);
uint64_t progress_bytes(const struct progress *);
double progress_seconds(const struct progress *); /* since the start */

/* progress_stop(p): end the thread, erase the line, free.  NULL is fine.  Prints no summary. */
void progress_stop(struct progress *);

#endif
