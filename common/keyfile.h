/* keyfile.h -- files that hold keys: made once, read by their owner alone, and in no core after that. */
#ifndef GPM_KEYFILE_H
#define GPM_KEYFILE_H

#include "credentials.h"

struct err;

/* keyfile_leave_no_core(e): from now on; a program that is started then leaves none where the kernel writes cores into files.
 * Every tool begins with it; keyfile_read does it by itself, too. */
int keyfile_leave_no_core(struct err *) GPM_NODISCARD;

#define KEYFILE_LIMIT ((size_t)64 << 10)

/* keyfile_read(path, out, e): the text of a private key's file.  Taken only from a plain file of this user or of root
 * (root takes anybody's) that nobody else can read (ERR_CREDENTIALS with a hint).  From the first call on the process leaves no core and cannot be
 * traced by its own user. */
int keyfile_read(const char *path, struct secret **out, struct err *) GPM_NODISCARD;

/* keyfile_create(path, data, len, e): a new file of mode 0600, durable.  What is there already stays as it is: ERR_FAILED. */
int keyfile_create(const char *path, const void *data, size_t len, struct err *) GPM_NODISCARD;

/* keyfile_read_public(path, out, e): the same without a look at its mode; the caller frees OUT, a text. */
int keyfile_read_public(const char *path, char **out, struct err *) GPM_NODISCARD;

#endif
