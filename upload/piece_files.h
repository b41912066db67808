/* piece_files.h -- where the files of pieces are on this host: the folders of --segment-dir. */
#ifndef GPM_PIECE_FILES_H
#define GPM_PIECE_FILES_H

#include "context.h"

struct err;

/* piece_files_check(p, e): every folder is there; ERR_USAGE. */
int piece_files_check(const struct push *, struct err *) GPM_NODISCARD;

/* piece_files_find(p, t, piece, path, e): the file of T's newest finished attempt: 1 and *PATH, which the caller frees; 0; -1,
 * also when two folders hold one. */
int piece_files_find(const struct push *, const struct view_table *, uint64_t piece, char **path, struct err *) GPM_NODISCARD;

/* piece_files_sweep(p, e): remove files of attempts that will never count, and those whose rows are stored.  What cannot be
 * removed is told. */
int piece_files_sweep(struct push *, struct err *) GPM_NODISCARD;

#endif
