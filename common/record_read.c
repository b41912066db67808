/* record_read.c -- records from JSON lines, by the tables of record.c; lines are hostile. */
#include "prelude.h"

#include "err.h"
#include "parse.h"
#include "record_fields.h"

static int
bad_field(struct err *e, const char *key, const char *what)
{
	return err_set(e, ERR_DIFFERS, "field \"%.60s\" is %s", key, what);
}

/* The name in KEY or KEY_hex of OBJECT, which is removed from it; *OUT NULL when neither is there. */
static int
take_name(json_t *object, const char *key, char **out, struct err *e)
{
	char *hex_key = mem_printf("%s_hex", key);
	json_t *text = json_object_get(object, key), *hex = json_object_get(object, hex_key);
	const char *digits = json_string_value(hex);
	int rc = -1;

	*out = NULL;
	if ((text != NULL && (hex != NULL || !json_is_string(text))) || (hex != NULL && digits == NULL)) {
		bad_field(e, key, "not one string");
	} else if (text != NULL) {
		*out = mem_str(json_string_value(text));
		rc = 0;
	} else if (hex != NULL) {
		*out = mem_alloc(strlen(digits) / 2 + 1);
		if ((rc = parse_hex(digits, *out, strlen(digits) / 2, e)) < 0)
			bad_field(e, hex_key, "not hex");
		else if (memchr(*out, '\0', strlen(digits) / 2) != NULL)
			rc = bad_field(e, hex_key, "a name with a NUL byte");
	} else {
		rc = 0;
	}
	json_object_del(object, key);
	json_object_del(object, hex_key);
	free(hex_key);
	return rc;
}

static int
read_names(const json_t *array, const char *key, struct strings *out, struct err *e)
{
	out->at = mem_array(json_array_size(array), sizeof(*out->at));
	for (size_t i = 0; i < json_array_size(array); i++) {
		json_t *element = json_array_get(array, i);
		char **name = &out->at[out->len++];

		if (json_is_string(element))
			*name = mem_str(json_string_value(element));
		else if (!json_is_object(element) || take_name(element, "name", name, e) < 0 ||
		    *name == NULL || json_object_size(element) != 0)
			return bad_field(e, key, "not a list of names");
	}
	return 0;
}

static int
read_numbers(const json_t *array, const char *key, struct numbers *out, struct err *e)
{
	out->at = mem_array(json_array_size(array), sizeof(*out->at));
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *element = json_array_get(array, i);

		if (!json_is_integer(element) || json_integer_value(element) < 0)
			return bad_field(e, key, "not a list of numbers");
		out->at[out->len++] = (uint64_t)json_integer_value(element);
	}
	return 0;
}

static int
read_columns(const json_t *array, const char *key, struct columns *out, struct err *e)
{
	out->at = mem_array(json_array_size(array), sizeof(*out->at));
	for (size_t i = 0; i < json_array_size(array); i++) {
		json_t *element = json_array_get(array, i), *kind;
		struct column *c = &out->at[out->len++];

		if (!json_is_object(element))
			return bad_field(e, key, "not a list of columns");
		if (take_name(element, "name", &c->name, e) < 0 || take_name(element, "type", &c->type, e) < 0 || take_name(element, "base", &c->base, e) < 0)
			return -1;
		kind = json_object_get(element, "float");
		c->float_kind = (uint64_t)json_integer_value(kind);
		if (kind != NULL && c->float_kind != 4 && c->float_kind != 8)
			return bad_field(e, "float", "neither 4 nor 8");
		json_object_del(element, "float");
		if (c->name == NULL || c->type == NULL || json_object_size(element) != 0)
			return bad_field(e, key, "a column with a field missing or unknown");
	}
	return 0;
}

static int
read_u64(const json_t *value, const char *key, uint64_t *out, struct err *e)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return bad_field(e, key, "not a whole number");
	*out = (uint64_t)json_integer_value(value);
	return 0;
}

static int
read_hex(const json_t *value, const char *key, unsigned char *out, size_t n, struct err *e)
{
	if (!json_is_string(value))
		return bad_field(e, key, "not a string");
	return parse_hex(json_string_value(value), out, n, e) < 0 ? bad_field(e, key, "not a hash") : 0;
}

static int
read_value(json_t *value, const struct field *f, void *p, struct err *e)
{
	switch (f->type) {
	case FIELD_TEXT:
		if (!json_is_string(value))
			return bad_field(e, f->key, "not a string");
		*(char **)p = mem_str(json_string_value(value));
		return 0;
	case FIELD_U64:
		return read_u64(value, f->key, p, e);
	case FIELD_I64:
		if (!json_is_integer(value))
			return bad_field(e, f->key, "not a whole number");
		*(int64_t *)p = json_integer_value(value);
		return 0;
	case FIELD_BOOL:
		if (!json_is_boolean(value))
			return bad_field(e, f->key, "neither true nor false");
		*(bool *)p = json_is_true(value);
		return 0;
	case FIELD_DIGEST:
		if (!json_is_string(value) || digest_parse(json_string_value(value), p, e) < 0)
			return bad_field(e, f->key, "not a row digest");
		return 0;
	case FIELD_HEX16:
		return read_hex(value, f->key, p, 16, e);
	case FIELD_HEX32:
		return read_hex(value, f->key, p, 32, e);
	case FIELD_OBJECT:
		if (!json_is_object(value))
			return bad_field(e, f->key, "not an object");
		*(json_t **)p = json_incref(value);
		return 0;
	case FIELD_NAMES:
		return json_is_array(value) ? read_names(value, f->key, p, e) : bad_field(e, f->key, "not a list");
	case FIELD_NUMBERS:
		return json_is_array(value) ? read_numbers(value, f->key, p, e) : bad_field(e, f->key, "not a list");
	case FIELD_COLUMNS:
		return json_is_array(value) ? read_columns(value, f->key, p, e) : bad_field(e, f->key, "not a list");
	case FIELD_NAME:
		break; /* by take_name */
	}
	return bad_field(e, f->key, "of an unknown type");
}

/* Move one field of OBJECT into REC. */
static int
take_field(json_t *object, const struct field *f, void *rec, struct err *e)
{
	void *p = (char *)rec + f->offset;
	json_t *value;

	if (f->type == FIELD_NAME) {
		if (take_name(object, f->key, p, e) < 0)
			return -1;
		return *(char **)p == NULL && f->presence == MUST ? bad_field(e, f->key, "missing") : 0;
	}
	if ((value = json_object_get(object, f->key)) == NULL)
		return f->presence == MUST ? bad_field(e, f->key, "missing") : 0;
	if (read_value(value, f, p, e) < 0)
		return -1;
	json_object_del(object, f->key);
	return 0;
}

static int
find_kind(json_t *object, enum record_type *out, struct err *e)
{
	const char *name = json_string_value(json_object_get(object, "rec"));

	if (name == NULL)
		return bad_field(e, "rec", "missing");
	for (int i = 0; i < REC_COUNT; i++) {
		if (strcmp(record_kinds[i].name, name) == 0) {
			*out = (enum record_type)i;
			json_object_del(object, "rec");
			return 0;
		}
	}
	return err_set(e, ERR_DIFFERS, "unknown kind of record \"%.60s\"", name);
}

int
record_read(const char *line, size_t len, struct record *out, struct err *e)
{
	json_error_t why;
	json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &why);
	const struct kind *kind;

	memset(out, 0, sizeof(*out));
	if (!json_is_object(object)) {
		json_decref(object);
		return err_set(e, ERR_DIFFERS, "not a JSON object: %s", why.text);
	}
	if (find_kind(object, &out->type, e) < 0)
		goto err0;
	kind = &record_kinds[out->type];
	for (size_t i = 0; i < kind->nfields; i++) {
		if (take_field(object, &kind->fields[i], &out->u, e) < 0) {
			err_context(e, "%s record", kind->name);
			goto err1;
		}
	}
	if (json_object_size(object) != 0) {
		err_set(e, ERR_DIFFERS, "%s record: unknown field \"%.60s\"; a newer gpm may have written it",
		    kind->name, json_object_iter_key(json_object_iter(object)));
		goto err1;
	}
	json_decref(object);
	return 0;

err1:
	record_release(out);
err0:
	json_decref(object);
	return -1;
}
