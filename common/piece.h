/* piece.h -- rows that never pass the export host: what one segment, or one gpfdist server, wrote of an attempt at a
 * table is a piece; a file on its own host (FORMAT.md, "Parts").
 *
 * Which run, table, attempt and piece a file belongs to stands in its name, so that what a failed attempt left behind
 * is never taken for rows. */
#ifndef GPM_PIECE_H
#define GPM_PIECE_H

struct err;

/* A writer of batches numbers them from writer × PIECE_BATCHES + 1 (FORMAT.md, I2); a piece is a writer. */
#define PIECE_BATCHES 10000
uint64_t piece_of_batch(uint64_t batch);

/* piece_file(run, label, attempt, piece): "gpm-<run>-<label>-a<attempt>-<piece>.csv", where the label's '%' are '=': a
 * gpfdist would decode them.  PIECE is a number, or what the server puts it in place of ("<SEGID>").  The caller frees. */
char *piece_file(const char *run, const char *label, uint64_t attempt, const char *piece) GPM_NODISCARD;

/* piece_file_parse(name, run, table, attempt, piece): the numbers in the name of a file of RUN; false when it has another
 * form.  What has it may still be another name than piece_file gives for these numbers. */
bool piece_file_parse(const char *name, const char *run, uint64_t *table, uint64_t *attempt, uint64_t *piece);

/* Parts of a run in the bucket.  part_key(host): "parts/<host, encoded>.jsonl"; the caller frees. */
#define PART_FOLDER "parts/"
#define PART_EXPORT "export" /* which no host may be called */
char *part_key(const char *host) GPM_NODISCARD;

#endif
