/* send.h -- one piece into the store: packed, put, checked. */
#ifndef GPM_SEND_H
#define GPM_SEND_H

#include "context.h"
#include "manifest.h"
#include "pack.h"

struct err;

/* send_chunk(p, packed, chunk, e): the spool file that CHUNK (of the export's journal) names into
 * its object; journalled, and the spool file removed unless p->keep.  What comes out of the file
 * must be what the exporter counted: anything else is ERR_DIFFERS.  PACKED is the worker's own.
 * 1 stored, 0 the file is gone (the exporter gave its attempt up), -1. */
int send_chunk(struct push *, struct packed *, const struct rec_chunk *, struct err *) GPM_NODISCARD;

/* send_schema(p, file, out, e): the schema file that FILE (of the export's journal) names, compared with
 * it; OUT->key is the object's (owned by OUT). */
int send_schema(struct push *, const struct rec_file *file, struct rec_file *out, struct err *) GPM_NODISCARD;

/* send_file(p, path, key, hash, e): a finished local file as it is, HASH its size and SHA-256. */
int send_file(struct push *, const char *path, const char *key, const struct file_hash *, struct err *) GPM_NODISCARD;

#endif
