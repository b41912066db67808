/* runid.h -- run ids (20261120T231816Z-9f3a1c), times and names as they stand in keys. */
#ifndef GPM_RUNID_H
#define GPM_RUNID_H

struct err;

#define RUNID_LEN 23
#define TIME_LEN 25 /* "2026-11-20T23:18:16.042Z" and a NUL */

/* runid_new(after, out, e): from this host's UTC clock, in 4096ths of a second, and 12 random bits: runs of several spools
 * sort by their start, too.  It sorts behind AFTER, an id, whatever the clock says: a second later than that at least;
 * NULL: there is none. */
int runid_new(const char *after, char out[RUNID_LEN + 1], struct err *) GPM_NODISCARD;
bool runid_valid(const char *);

/* time_now(out): UTC with milliseconds.  Returns OUT. */
char *time_now(char out[TIME_LEN]);

/* name_encode(bytes): bytes other than [A-Za-z0-9_-] as %XX (upper case).  Caller frees. */
char *name_encode(const char *name) GPM_NODISCARD;

/* table_label(number, schema, name): "000042-sales.orders", encoded, cut to 200 bytes (the number
 * keeps it unique), safe as a file name and in a key.  Caller frees. */
char *table_label(uint64_t number, const char *schema, const char *name) GPM_NODISCARD;

/* chunk_key(label, attempt, batch, seq, suffix): "data/<label>/a1/b0001/000001.csv" SUFFIX. */
char *chunk_key(const char *label, uint64_t attempt, uint64_t batch, uint64_t seq,
    const char *suffix) GPM_NODISCARD;

#endif
