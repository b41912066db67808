/* passwords.h -- passwords out of the SQL of roles. */
#ifndef GPM_PASSWORDS_H
#define GPM_PASSWORDS_H

#include "buf.h"

struct err;

/* passwords_remove(text, len, out, e): append the text without every PASSWORD '…' that stands outside quotes and
 * comments: what a pg_dumpall that has no --no-role-passwords writes.  A text that ends inside quotes or a comment
 * is refused, because nobody knows what it means. */
int passwords_remove(const char *text, size_t len, struct buf *out, struct err *) GPM_NODISCARD;

#endif
