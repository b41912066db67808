/* part.h -- a run that several hosts store: what each says of its share, in parts/ of the run (FORMAT.md, "Parts").
 *
 * parts/export.jsonl is all that the export's journal says, and the chunks that went through the export's spool;
 * parts/<host>.jsonl the chunks and pieces of a host.  Both are written anew as there is more to say; the last one
 * counts.  gather.h joins them. */
#ifndef GPM_PART_H
#define GPM_PART_H

#include "context.h"
#include "manifest.h"

struct err;

#define PART_FORMAT "gpm-part"

/* part_store_export(p, e): what is known and stored so far, of the run that gpm-export wrote into this spool; stores its
 * schema first. */
int part_store_export(struct push *, struct err *) GPM_NODISCARD;

/* part_store_host(p, extra, nextra, e): what P->part has stored, of attempts that count.  EXTRA: pieces that need no line in
 * the journal, because there is nothing of them. */
int part_store_host(struct push *, const struct rec_piece *extra, size_t nextra, struct err *) GPM_NODISCARD;

/* part_fetch_export(p, out, e): the newest parts/export.jsonl of P->run, whole and checked; 1, 0 there is none, -1.
 * The caller closes *OUT.
 * part_read_export(m, view, push, e): into a fresh VIEW; PUSH gets how the run is stored (record_free_fields). */
int part_fetch_export(struct push *, struct manifest **out, struct err *) GPM_NODISCARD;
int part_read_export(struct manifest *, struct run_view *, struct rec_push *, struct err *) GPM_NODISCARD;

/* part_is_stored(rec): a line of a part that says what is stored, rather than what the export's journal says. */
bool part_is_stored(const struct record *);

#endif
