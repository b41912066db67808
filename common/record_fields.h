/* record_fields.h -- how the fields of records are kept and written: shared by record*.c only. */
#ifndef GPM_RECORD_FIELDS_H
#define GPM_RECORD_FIELDS_H

#include "record.h"

/* How a field is kept and written. */
enum field_type {
	FIELD_TEXT,     /* char *: UTF-8 */
	FIELD_NAME,     /* char *: bytes; written as KEY when they are UTF-8, else as KEY_hex */
	FIELD_U64,
	FIELD_I64,
	FIELD_BOOL,
	FIELD_DIGEST,   /* struct digest */
	FIELD_HEX16,    /* 16 bytes */
	FIELD_HEX32,    /* 32 bytes */
	FIELD_OBJECT,   /* json_t *: an object */
	FIELD_NAMES,    /* struct strings */
	FIELD_NUMBERS,  /* struct numbers */
	FIELD_COLUMNS,  /* struct columns */
};

/* A field that MAY be left out is left out when it is NULL, zero, all zero or empty. */
enum { MUST, MAY };

struct field {
	const char *key;
	enum field_type type;
	int presence;
	size_t offset;
};

struct kind {
	const char *name;
	const struct field *fields;
	size_t nfields;
	size_t size;
};

extern const struct kind record_kinds[REC_COUNT];

#endif
