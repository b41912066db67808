/* quote.h -- names and texts in SQL and in a shell's command line, without a connection.
 *
 * For a server, or psql, with standard_conforming_strings on; bytes stay as they are. */
#ifndef GPM_QUOTE_H
#define GPM_QUOTE_H

#include "buf.h"
#include "record.h"

void quote_ident(struct buf *, const char *name);                      /* "name" */
void quote_name(struct buf *, const char *schema, const char *name);   /* "schema"."name" */
void quote_literal(struct buf *, const char *text);                    /* 'text' */
void quote_regclass(struct buf *, const char *schema, const char *name); /* '"schema"."name"'::pg_catalog.regclass */
void quote_columns(struct buf *, const struct columns *);              /* "a", "b" */

/* quote_word(b, text): one word of a command line for sh, whatever bytes it holds. */
void quote_word(struct buf *, const char *text);

#endif
