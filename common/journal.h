/* journal.h -- records of work under way: append-only, a line a record, durable.
 *
 * Every line ends with a check: {"rec":…,"check":"<16 hex>"}, XXH3-64 of the line's bytes before
 * ,"check": .  Lines without a good check at the end of the file are what a dead process left half
 * written; the owner cuts them off when it opens the journal.  A bad line with a good one after it
 * is damage: ERR_DIFFERS.  The first line is a head record that names the format and the run. */
#ifndef GPM_JOURNAL_H
#define GPM_JOURNAL_H

#include "record.h"

struct err;
struct journal;

/* Where a line stands in the file. */
struct journal_place {
	uint64_t offset;
	uint32_t len;
};

/* Called for each record but the head, in order.  The record is released after the call unless it
 * was taken (record_take). */
typedef int journal_fn(void *ctx, struct record *, struct journal_place, struct err *);

/* journal_open(path, format, run, fn, ctx, out, e): for the one process that writes it (the caller
 * holds a lock).  Made with its head when absent.  Replays what is there into FN. */
int journal_open(const char *path, const char *format, const char *run, journal_fn *, void *ctx,
    struct journal **out, struct err *) GPM_NODISCARD;
void journal_close(struct journal *); /* NULL is fine */

/* journal_append(j, type, rec, place, e): durable when it returns 0; PLACE, unless it is NULL, says
 * where the line is.  Threads may call it at once; those who wait at the same time share a sync.
 * journal_note, journal_note_at: the same without the sync; the next append makes it durable as well.
 * After a failure the journal refuses everything: what is in the file is not known. */
int journal_append(struct journal *, enum record_type, const void *rec, struct journal_place *,
    struct err *) GPM_NODISCARD;
int journal_note(struct journal *, enum record_type, const void *rec, struct err *) GPM_NODISCARD;
int journal_note_at(struct journal *, enum record_type, const void *rec, struct journal_place *, struct err *) GPM_NODISCARD;

/* journal_read(path, format, run, offset, fn, ctx, e): for anybody else, while the owner may be
 * writing: complete lines from *OFFSET on (0: from the start); *OFFSET is moved behind the last one.
 * 1 read, 0 when there is no such file. */
int journal_read(const char *path, const char *format, const char *run, uint64_t *offset,
    journal_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* journal_read_but(path, format, run, type, fn, ctx, e): from the start, without records of TYPE, whose lines are checked but
 * not parsed: of a large run nearly all are chunks. */
int journal_read_but(const char *path, const char *format, const char *run, enum record_type, journal_fn *, void *ctx,
    struct err *) GPM_NODISCARD;

/* journal_first(path, format, run, type, out, e): the first record behind the head, which is to be of TYPE; the rest, which may be
 * long, is not read.  1: the caller frees OUT's fields (record_free_fields); 0: there is none yet; -1. */
int journal_first(const char *path, const char *format, const char *run, enum record_type, void *out, struct err *) GPM_NODISCARD;

/* journal_settle(path, e): what its owner has written so far is on disk when it returns 0; for a reader whose own
 * deeds must not outlive the lines that made him do them. */
int journal_settle(const char *path, struct err *) GPM_NODISCARD;

/* journal_attach(path, out, e): a handle for journal_record_at alone, while another process owns the
 * journal. */
int journal_attach(const char *path, struct journal **out, struct err *) GPM_NODISCARD;

/* journal_record_at(j, place, out, e): the record of a line that was replayed or appended. */
int journal_record_at(struct journal *, struct journal_place, struct record *out, struct err *) GPM_NODISCARD;
#endif
