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

int send_bytes(struct push *, const char *key, const void *data, size_t len, struct err *) GPM_NODISCARD;

/* send_schema_find(p, file): the line of that object in the push journal, when it is stored as FILE is now; NULL. */
const struct rec_file *send_schema_find(struct push *, const struct rec_file *file);

/* send_crypt(p, key, room): how the object of KEY is encrypted, in ROOM; NULL when the run is not. */
const struct crypt_object *send_crypt(const struct push *, const char *key, struct crypt_object *room);

/* send_packed(p, packed, chunk, e): what PACKED holds is CHUNK's object (named without its suffix); journalled. */
int send_packed(struct push *, const struct packed *, const struct rec_chunk *chunk, struct err *) GPM_NODISCARD;

/* send_body(p, key, body, e): these bytes as they are, wherever they are; send_bytes: from memory. */
int send_body(struct push *, const char *key, const struct store_body *, struct err *) GPM_NODISCARD;

/* send_file(p, path, key, hash, e): a finished local file as it is, HASH its size and SHA-256. */
int send_file(struct push *, const char *path, const char *key, const struct file_hash *, struct err *) GPM_NODISCARD;

/* send_eject(p, rc, e): the end of a start that ended with RC, and E when that is -1: with --eject its disk can go.  Returns RC, or -1. */
int send_eject(struct push *, int rc, struct err *) GPM_NODISCARD;

/* send_unchecked(p, fd, key, size, e): the SIZE bytes of an open file; that they are there the caller has to see.
 * send_check(p, key, size, e): the store has so many bytes under KEY; else ERR_TEMPORARY, for they were put. */
int send_unchecked(struct push *, int fd, const char *key, uint64_t size, struct err *) GPM_NODISCARD;
int send_check(struct push *, const char *key, uint64_t size, struct err *) GPM_NODISCARD;

#endif
