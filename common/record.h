/* record.h -- the records that journals and manifests are made of: one JSON object a line.
 *
 * FORMAT.md says what each field means; the tables in record.c say how it is written.  A record
 * read from a line is checked in full: every required field there, of its type and in its range,
 * no unknown field, no field twice.
 *
 * Strings are owned by the record when it was read (record_release frees them) and borrowed when
 * the caller filled it in to write it. */
#ifndef GPM_RECORD_H
#define GPM_RECORD_H

#include <jansson.h>

#include "buf.h"
#include "rows.h"
#include "runid.h"

#define RECORD_LINE_LIMIT ((size_t)16 << 20) /* a line longer than this is refused */
#define RECORD_VERSION 1

enum record_type {
	REC_HEAD, REC_RUN, REC_PUSH, REC_MOMENT, REC_TABLE, REC_ATTEMPT, REC_CHUNK, REC_DONE,
	REC_FAILED, REC_SKIPPED, REC_SEQUENCE, REC_MATVIEW, REC_FILE, REC_MANIFEST, REC_SEALED,
	REC_MARK,
	REC_END, REC_HOST, REC_PIECE, REC_VOLUME, REC_MEMBER, REC_REMOVED, REC_RELAYED,
	REC_COUNT
};

struct strings {       /* a list of names or texts */
	char **at;
	size_t len;
};

struct numbers {
	uint64_t *at;
	size_t len;
};

struct column {
	char *name;
	char *type;      /* format_type() */
	char *base;      /* of a domain: format_type() of what it is made of in the end; else NULL */
	uint64_t float_kind; /* 0, 4 or 8: see floats.h */
};

struct columns {
	struct column *at;
	size_t len;
};

struct rec_head {      /* first line of every file */
	char *format;    /* "gpm-run", "gpm-table", "gpm-part", "gpm-export-journal", "gpm-push-journal", "gpm-volume", … */
	uint64_t version;
	char *run;
	char *gpm;       /* version of the writer */
};

struct rec_run {       /* what was exported, and the options that shape bytes */
	char *system;         /* "PostgreSQL", "Greenplum", … */
	char *server_version; /* version() */
	uint64_t server_version_num;
	char *source_id;      /* system identifier and database oid: "7312…/16384" */
	char *database;
	char *encoding;       /* of the database */
	char *server_time;
	char *group;          /* runs of one --all-databases share it */
	char *predecessor;    /* run that this one follows */
	char *predecessor_sha256; /* of its root manifest */
	char *base;           /* run whose rows tables of this one may have, unread */
	char *digest;         /* "gpm-row-1" */
	uint64_t chunk_size, batch_size, batch_chunks;
	json_t *settings;     /* pinned settings of every session: name → value */
	json_t *selection;    /* what was asked for: option name → value or list */
	struct strings roles; /* owners and grantees of this database */
	struct strings hosts; /* that must push a part; empty when one host pushes all */
};

struct rec_push {      /* how the run is stored */
	char *target;         /* "any", "gpfdist", "oss_fdw", "s3", "pxf": --for */
	struct strings methods; /* that can load it */
	char *compression;    /* "zstd:1", "gzip:6", "none" */
	char *encryption;     /* "aes-256-gcm" or absent */
	char *key_id;
	char *signed_by;      /* public key (sign.h) whose signature is beside the root manifest, or absent */
	char *url;            /* where to; journal only */
	struct strings bases; /* runs whose objects chunks of this one may name */
};

struct rec_moment {    /* one consistent view */
	uint64_t moment;
	char *scope;          /* "run": all tables; "table": each table its own */
	char *snapshot;       /* exported snapshot, absent where the server has none */
	char *time;
};

struct rec_table {     /* the table record */
	uint64_t table;       /* its number in the run, from 1 */
	char *schema, *name;
	char *kind;           /* "table", "leaf", "config" (rows of an extension's configuration table) */
	char *root_schema, *root_name; /* partition root, for a leaf */
	uint64_t oid, relfilenode, bytes; /* of the relation at the source */
	char *encoding;       /* of the bytes in the chunks */
	json_t *dialect;      /* {"format":"csv","delimiter":",","quote":"\"","null":""} */
	struct columns columns; /* in the order they stand in a row */
	char *filter;         /* SQL condition of the rows taken ("WHERE …"), absent: all */
	char *since_column, *since_value; /* what the filter says, when it is of rows behind a value (since.h) */
	char *distribution;   /* "DISTRIBUTED BY (a)", … of a Greenplum source */
	char *storage;        /* storage options of a Greenplum source */
	bool tree;            /* in memory only: the table's partitions, or heirs, are meant as well as itself */
};

struct rec_attempt {   /* an attempt begins */
	uint64_t table, attempt, moment;
	char *method;         /* "copy", "gpfdist", "on-segment", "gpfdist-url" */
	char *time;
};

struct rec_chunk {
	uint64_t table, attempt; /* journals and parts only */
	char *key;            /* object key below the run's folder; spool file name in the export journal */
	uint64_t batch, seq;
	struct numbers segments; /* content ids whose rows are in it; empty: not known or not Greenplum */
	uint64_t rows;
	struct digest digest;
	uint64_t plain_bytes;
	unsigned char plain_xxh3[16];
	char *compression;    /* the rest only once it is stored */
	char *encryption;
	uint64_t stored_bytes;
	unsigned char stored_sha256[32];
	char *base;           /* the run in whose folder the object is, absent: this one */
};

struct rec_done {      /* an attempt is finished: these are the table's rows */
	uint64_t table, attempt, moment;
	char *method;
	uint64_t chunks, batches, rows;
	struct digest digest;
	uint64_t plain_bytes;
	char *time;
	json_t *aggregates;
	uint64_t rest;         /* rows that the table holds besides, not carried, when there is a since_column */
	char *change;          /* another text once the rows may be others (unchanged.h); absent: nothing tells */
	char *base;            /* the run whose rows these are, */
	uint64_t base_table;   /* of that table there: they were not read again */
	struct numbers pieces; /* export only: others bring the rows, in these pieces, and know all but their number */
};

struct rec_failed {    /* a table could not be taken out */
	uint64_t table;
	char *schema, *name;
	char *reason;
};

struct rec_skipped {   /* a relation that has no rows of its own to carry, or is not ours to carry */
	char *schema, *name;
	char *kind;           /* "foreign table", … */
	char *reason;
};

struct rec_sequence {
	char *schema, *name;
	int64_t last_value;
	bool is_called;
};

struct rec_matview {
	char *schema, *name;
	bool populated;
};

struct rec_file {      /* a schema file or SHA256SUMS */
	char *key;
	uint64_t plain_bytes;
	unsigned char plain_xxh3[16];
	char *compression;    /* the rest only once it is stored */
	char *encryption;
	uint64_t stored_bytes;
	unsigned char stored_sha256[32];
};

struct rec_manifest {  /* the root manifest's line for a table manifest */
	uint64_t table;
	char *schema, *name;
	char *key;
	uint64_t attempt, chunks, batches, rows;
	struct digest digest;
	uint64_t plain_bytes, data_bytes; /* data_bytes: its objects together */
	uint64_t stored_bytes;            /* of the table manifest itself */
	unsigned char stored_sha256[32];
};

struct rec_sealed {    /* push journal: the root manifest is stored */
	uint64_t stored_bytes;
	unsigned char stored_sha256[32];
	char *time;
};

struct rec_mark {      /* push journal: how far a start of gpm-push was, for gpm-push status */
	char *time;
	uint64_t plain_bytes, stored_bytes; /* of chunks that this start stored; 0: it begins */
	char *error;          /* it ended with */
};

struct rec_end {       /* last line of a manifest, and of an export journal whose export is complete */
	uint64_t lines;       /* before this one */
	uint64_t tables, failed; /* run level */
	uint64_t chunks;      /* table level */
	uint64_t rows, plain_bytes, stored_bytes;
	char *time;
	unsigned char sha256[32]; /* of all bytes before this line; all zero (absent) in a journal */
};

struct rec_host {      /* export: who brings which pieces of the moment's tables */
	uint64_t moment;
	char *host;           /* --host-part */
	struct numbers pieces; /* content ids of segments, or places in the list of URLs */
};

struct rec_piece {     /* a host's part: one piece of an attempt is stored, all of it */
	uint64_t table, attempt, piece;
	uint64_t chunks, batches, rows;
	struct digest digest;
	uint64_t plain_bytes;
};

struct rec_volume {    /* which volume of its set; the rest once it is complete, of its tar */
	uint64_t volume, bytes;
	unsigned char sha256[32];
};

struct rec_member {    /* what a volume holds */
	char *key;
	uint64_t offset, header, bytes; /* where its header begins in the tar, and how long it and what follows are */
	unsigned char sha256[32];
	unsigned char state[32]; /* journal only: SHA-256 of the tar as far as it goes, unfinished */
};

struct rec_removed {   /* what an earlier line, or an earlier volume, says of this key does not count any more */
	char *key;
};

struct rec_relayed {   /* relay journal: an object that was put */
	char *key;            /* below the run's folder */
	uint64_t bytes;
	unsigned char sha256[32];
};

struct record {
	enum record_type type;
	union {
		struct rec_head head;
		struct rec_run run;
		struct rec_push push;
		struct rec_moment moment;
		struct rec_table table;
		struct rec_attempt attempt;
		struct rec_chunk chunk;
		struct rec_done done;
		struct rec_failed failed;
		struct rec_skipped skipped;
		struct rec_sequence sequence;
		struct rec_matview matview;
		struct rec_file file;
		struct rec_manifest manifest;
		struct rec_sealed sealed;
		struct rec_mark mark;
		struct rec_end end;
		struct rec_host host;
		struct rec_piece piece;
		struct rec_volume volume;
		struct rec_member member;
		struct rec_removed removed;
		struct rec_relayed relayed;
	} u;
};

/* record_write(type, rec, out, e): append the JSON object, without a newline.  REC points at the
 * struct rec_… of TYPE.  Fields come in a fixed order, so that equal records are equal bytes. */
int record_write(enum record_type, const void *rec, struct buf *out, struct err *) GPM_NODISCARD;

/* record_read(line, len, out, e): one line without its newline.  -1 leaves nothing to release. */
int record_read(const char *line, size_t len, struct record *out, struct err *) GPM_NODISCARD;
void record_release(struct record *);

/* record_take(r, type, out): move the content out (no copy); the caller releases it by
 * record_free_fields(type, out). R is empty after. */
void record_take(struct record *, void *out);
void record_free_fields(enum record_type, void *rec);

const char *record_type_name(enum record_type);

/* record_begins(type): what record_write begins such a record with, and no other; the caller frees. */
char *record_begins(enum record_type) GPM_NODISCARD;

/* columns_float_kinds(columns): the float_kind argument of rows_new; the caller frees.  NULL when no
 * column holds floats. */
unsigned char *columns_float_kinds(const struct columns *) GPM_NODISCARD;
void columns_release(struct columns *); /* frees what it holds */

/* numbers_has(n, x): is X among them?  numbers_add appends; the caller frees N->at. */
bool numbers_has(const struct numbers *, uint64_t);
void numbers_add(struct numbers *, uint64_t);

#endif
