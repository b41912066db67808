/* record_write.c -- records to JSON lines, by the tables of record.c. */
#include "prelude.h"

#include "err.h"
#include "name_json.h"
#include "parse.h"
#include "record_fields.h"

/* Set KEY (or KEY_hex) of OBJECT to the bytes of S. */
static int
set_name(json_t *object, const char *key, const char *s)
{
	json_t *text = json_string(s);
	char *hex_key, *hex;
	int rc;

	if (text != NULL)
		return json_object_set_new(object, key, text);
	hex_key = mem_printf("%s_hex", key);
	hex = mem_alloc(2 * strlen(s) + 1);
	format_hex(s, strlen(s), hex);
	rc = json_object_set_new(object, hex_key, json_string(hex));
	free(hex_key);
	free(hex);
	return rc;
}

static json_t *
columns_array(const struct columns *columns)
{
	json_t *array = json_array();

	for (size_t i = 0; i < columns->len; i++) {
		json_t *object = json_object();

		set_name(object, "name", columns->at[i].name);
		set_name(object, "type", columns->at[i].type);
		if (columns->at[i].base != NULL)
			set_name(object, "base", columns->at[i].base);
		if (columns->at[i].float_kind != 0)
			json_object_set_new(object, "float",
			    json_integer((json_int_t)columns->at[i].float_kind));
		json_array_append_new(array, object);
	}
	return array;
}

static bool
all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

static bool
is_empty(const struct field *f, const void *p)
{
	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_NAME:
	case FIELD_OBJECT:
		return *(void *const *)p == NULL;
	case FIELD_U64:
		return *(const uint64_t *)p == 0;
	case FIELD_HEX16:
		return all_zero(p, 16);
	case FIELD_HEX32:
		return all_zero(p, 32);
	case FIELD_NAMES:
		return ((const struct strings *)p)->len == 0;
	case FIELD_NUMBERS:
		return ((const struct numbers *)p)->len == 0;
	case FIELD_COLUMNS:
	case FIELD_I64:
	case FIELD_BOOL:
	case FIELD_DIGEST:
		break;
	}
	return false;
}

static json_t *
numbers_array(const struct numbers *numbers)
{
	json_t *array = json_array();

	for (size_t i = 0; i < numbers->len; i++) {
		if (numbers->at[i] > INT64_MAX) {
			json_decref(array);
			return NULL; /* which the object does not take */
		}
		json_array_append_new(array, json_integer((json_int_t)numbers->at[i]));
	}
	return array;
}

static json_t *
names_array(const struct strings *strings)
{
	json_t *array = json_array();

	for (size_t i = 0; i < strings->len; i++)
		json_array_append_new(array, name_json(strings->at[i]));
	return array;
}

static int
set_field(json_t *object, const struct field *f, const void *p)
{
	char hex[65];

	switch (f->type) {
	case FIELD_TEXT:
		return json_object_set_new(object, f->key, json_string(*(char *const *)p));
	case FIELD_NAME:
		return set_name(object, f->key, *(char *const *)p);
	case FIELD_U64:
		if (*(const uint64_t *)p > INT64_MAX)
			return -1;
		return json_object_set_new(object, f->key, json_integer((json_int_t)*(const uint64_t *)p));
	case FIELD_I64:
		return json_object_set_new(object, f->key, json_integer(*(const int64_t *)p));
	case FIELD_BOOL:
		return json_object_set_new(object, f->key, json_boolean(*(const bool *)p));
	case FIELD_DIGEST:
		return json_object_set_new(object, f->key, json_string(digest_hex(*(const struct digest *)p, hex)));
	case FIELD_HEX16:
		return json_object_set_new(object, f->key, json_string(format_hex(p, 16, hex)));
	case FIELD_HEX32:
		return json_object_set_new(object, f->key, json_string(format_hex(p, 32, hex)));
	case FIELD_OBJECT:
		return json_object_set(object, f->key, *(json_t *const *)p);
	case FIELD_NAMES:
		return json_object_set_new(object, f->key, names_array(p));
	case FIELD_NUMBERS:
		return json_object_set_new(object, f->key, numbers_array(p));
	case FIELD_COLUMNS:
		return json_object_set_new(object, f->key, columns_array(p));
	}
	return -1;
}

static int
dump_to_buf(const char *data, size_t len, void *ctx)
{
	struct err ignored;

	return buf_add(ctx, data, len, &ignored);
}

int
record_write(enum record_type type, const void *rec, struct buf *out, struct err *e)
{
	const struct kind *kind = &record_kinds[type];
	json_t *object = json_object();
	size_t start = out->len;
	int rc = json_object_set_new(object, "rec", json_string(kind->name));

	for (size_t i = 0; rc == 0 && i < kind->nfields; i++) {
		const struct field *f = &kind->fields[i];
		const char *p = (const char *)rec + f->offset;

		if (f->presence == MAY && is_empty(f, p))
			continue;
		if ((rc = set_field(object, f, p)) != 0)
			err_set(e, ERR_FAILED, "field \"%s\" of a %s record cannot be written", f->key, kind->name);
	}
	if (rc == 0 && (rc = json_dump_callback(object, dump_to_buf, out, JSON_COMPACT)) != 0)
		err_set(e, ERR_FAILED, "a %s record is longer than %zu bytes", kind->name, out->limit);
	if (rc != 0)
		out->len = start; /* nothing half written */
	json_decref(object);
	return rc == 0 ? 0 : -1;
}
