/* record.c -- what records consist of: one table of fields a kind, and their memory. */
#include "prelude.h"

#include "record_fields.h"

#define F(kind, member, type, presence) { #member, type, presence, offsetof(struct rec_##kind, member) }

static const struct field head_fields[] = {
	F(head, format, FIELD_TEXT, MUST), F(head, version, FIELD_U64, MUST),
	F(head, run, FIELD_TEXT, MUST), F(head, gpm, FIELD_TEXT, MUST),
};
static const struct field run_fields[] = {
	F(run, system, FIELD_TEXT, MUST), F(run, server_version, FIELD_TEXT, MUST),
	F(run, server_version_num, FIELD_U64, MUST), F(run, source_id, FIELD_TEXT, MUST),
	F(run, database, FIELD_NAME, MUST), F(run, encoding, FIELD_TEXT, MUST),
	F(run, server_time, FIELD_TEXT, MUST), F(run, group, FIELD_TEXT, MAY),
	F(run, predecessor, FIELD_TEXT, MAY), F(run, predecessor_sha256, FIELD_TEXT, MAY),
	F(run, base, FIELD_TEXT, MAY),
	F(run, digest, FIELD_TEXT, MUST), F(run, chunk_size, FIELD_U64, MUST),
	F(run, batch_size, FIELD_U64, MUST), F(run, batch_chunks, FIELD_U64, MUST),
	F(run, settings, FIELD_OBJECT, MUST), F(run, selection, FIELD_OBJECT, MUST),
	F(run, roles, FIELD_NAMES, MUST), F(run, hosts, FIELD_NAMES, MAY),
};
static const struct field push_fields[] = {
	F(push, target, FIELD_TEXT, MUST), F(push, methods, FIELD_NAMES, MUST),
	F(push, compression, FIELD_TEXT, MUST), F(push, encryption, FIELD_TEXT, MAY),
	F(push, key_id, FIELD_TEXT, MAY), F(push, signed_by, FIELD_TEXT, MAY),
	F(push, url, FIELD_TEXT, MAY), F(push, bases, FIELD_NAMES, MAY),
};
static const struct field moment_fields[] = {
	F(moment, moment, FIELD_U64, MUST), F(moment, scope, FIELD_TEXT, MUST),
	F(moment, snapshot, FIELD_TEXT, MAY), F(moment, time, FIELD_TEXT, MUST),
};
static const struct field table_fields[] = {
	F(table, table, FIELD_U64, MUST), F(table, schema, FIELD_NAME, MUST),
	F(table, name, FIELD_NAME, MUST), F(table, kind, FIELD_TEXT, MUST),
	F(table, root_schema, FIELD_NAME, MAY), F(table, root_name, FIELD_NAME, MAY),
	F(table, oid, FIELD_U64, MUST), F(table, relfilenode, FIELD_U64, MUST),
	F(table, bytes, FIELD_U64, MUST), F(table, encoding, FIELD_TEXT, MUST),
	F(table, dialect, FIELD_OBJECT, MUST), F(table, columns, FIELD_COLUMNS, MUST),
	F(table, filter, FIELD_NAME, MAY), F(table, distribution, FIELD_NAME, MAY),
	F(table, storage, FIELD_NAME, MAY),
	F(table, since_column, FIELD_NAME, MAY), F(table, since_value, FIELD_NAME, MAY),
};
static const struct field attempt_fields[] = {
	F(attempt, table, FIELD_U64, MUST), F(attempt, attempt, FIELD_U64, MUST),
	F(attempt, moment, FIELD_U64, MUST), F(attempt, method, FIELD_TEXT, MUST),
	F(attempt, time, FIELD_TEXT, MUST),
};
static const struct field chunk_fields[] = {
	F(chunk, table, FIELD_U64, MAY), F(chunk, attempt, FIELD_U64, MAY),
	F(chunk, key, FIELD_TEXT, MUST), F(chunk, batch, FIELD_U64, MUST),
	F(chunk, seq, FIELD_U64, MUST), F(chunk, segments, FIELD_NUMBERS, MAY),
	F(chunk, rows, FIELD_U64, MUST), F(chunk, digest, FIELD_DIGEST, MUST),
	F(chunk, plain_bytes, FIELD_U64, MUST), F(chunk, plain_xxh3, FIELD_HEX16, MUST),
	F(chunk, compression, FIELD_TEXT, MAY), F(chunk, encryption, FIELD_TEXT, MAY),
	F(chunk, stored_bytes, FIELD_U64, MAY), F(chunk, stored_sha256, FIELD_HEX32, MAY),
	F(chunk, base, FIELD_TEXT, MAY),
};
static const struct field done_fields[] = {
	F(done, table, FIELD_U64, MUST), F(done, attempt, FIELD_U64, MUST),
	F(done, moment, FIELD_U64, MUST), F(done, method, FIELD_TEXT, MUST),
	F(done, chunks, FIELD_U64, MUST), F(done, batches, FIELD_U64, MUST),
	F(done, rows, FIELD_U64, MUST), F(done, digest, FIELD_DIGEST, MUST),
	F(done, plain_bytes, FIELD_U64, MUST), F(done, time, FIELD_TEXT, MUST),
	F(done, aggregates, FIELD_OBJECT, MAY), F(done, pieces, FIELD_NUMBERS, MAY),
	F(done, rest, FIELD_U64, MAY), F(done, change, FIELD_TEXT, MAY),
	F(done, base, FIELD_TEXT, MAY), F(done, base_table, FIELD_U64, MAY),
};
static const struct field failed_fields[] = {
	F(failed, table, FIELD_U64, MUST), F(failed, schema, FIELD_NAME, MUST),
	F(failed, name, FIELD_NAME, MUST), F(failed, reason, FIELD_NAME, MUST),
};
static const struct field skipped_fields[] = {
	F(skipped, schema, FIELD_NAME, MUST), F(skipped, name, FIELD_NAME, MUST),
	F(skipped, kind, FIELD_TEXT, MUST), F(skipped, reason, FIELD_TEXT, MUST),
};
static const struct field sequence_fields[] = {
	F(sequence, schema, FIELD_NAME, MUST), F(sequence, name, FIELD_NAME, MUST),
	F(sequence, last_value, FIELD_I64, MUST), F(sequence, is_called, FIELD_BOOL, MUST),
};
static const struct field matview_fields[] = {
	F(matview, schema, FIELD_NAME, MUST), F(matview, name, FIELD_NAME, MUST),
	F(matview, populated, FIELD_BOOL, MUST),
};
static const struct field file_fields[] = {
	F(file, key, FIELD_TEXT, MUST), F(file, plain_bytes, FIELD_U64, MUST),
	F(file, plain_xxh3, FIELD_HEX16, MAY), F(file, compression, FIELD_TEXT, MAY),
	F(file, encryption, FIELD_TEXT, MAY), F(file, stored_bytes, FIELD_U64, MAY),
	F(file, stored_sha256, FIELD_HEX32, MAY),
};
static const struct field manifest_fields[] = {
	F(manifest, table, FIELD_U64, MUST), F(manifest, schema, FIELD_NAME, MUST),
	F(manifest, name, FIELD_NAME, MUST), F(manifest, key, FIELD_TEXT, MUST),
	F(manifest, attempt, FIELD_U64, MUST), F(manifest, chunks, FIELD_U64, MUST),
	F(manifest, batches, FIELD_U64, MUST), F(manifest, rows, FIELD_U64, MUST),
	F(manifest, digest, FIELD_DIGEST, MUST), F(manifest, plain_bytes, FIELD_U64, MUST),
	F(manifest, data_bytes, FIELD_U64, MUST), F(manifest, stored_bytes, FIELD_U64, MUST),
	F(manifest, stored_sha256, FIELD_HEX32, MUST),
};
static const struct field sealed_fields[] = {
	F(sealed, stored_bytes, FIELD_U64, MUST), F(sealed, stored_sha256, FIELD_HEX32, MUST),
	F(sealed, time, FIELD_TEXT, MUST),
};
static const struct field mark_fields[] = {
	F(mark, time, FIELD_TEXT, MUST), F(mark, plain_bytes, FIELD_U64, MUST),
	F(mark, stored_bytes, FIELD_U64, MUST), F(mark, error, FIELD_NAME, MAY),
};
static const struct field end_fields[] = {
	F(end, lines, FIELD_U64, MUST), F(end, tables, FIELD_U64, MAY),
	F(end, failed, FIELD_U64, MAY), F(end, chunks, FIELD_U64, MAY),
	F(end, rows, FIELD_U64, MUST), F(end, plain_bytes, FIELD_U64, MUST),
	F(end, stored_bytes, FIELD_U64, MAY), F(end, time, FIELD_TEXT, MAY),
	F(end, sha256, FIELD_HEX32, MAY),
};

static const struct field host_fields[] = {
	F(host, moment, FIELD_U64, MUST), F(host, host, FIELD_NAME, MUST),
	F(host, pieces, FIELD_NUMBERS, MUST),
};
static const struct field piece_fields[] = {
	F(piece, table, FIELD_U64, MUST), F(piece, attempt, FIELD_U64, MUST),
	F(piece, piece, FIELD_U64, MUST), F(piece, chunks, FIELD_U64, MUST),
	F(piece, batches, FIELD_U64, MUST), F(piece, rows, FIELD_U64, MUST),
	F(piece, digest, FIELD_DIGEST, MUST), F(piece, plain_bytes, FIELD_U64, MUST),
};

static const struct field volume_fields[] = {
	F(volume, volume, FIELD_U64, MUST), F(volume, bytes, FIELD_U64, MAY), F(volume, sha256, FIELD_HEX32, MAY),
};
static const struct field member_fields[] = {
	F(member, key, FIELD_TEXT, MUST), F(member, offset, FIELD_U64, MUST), F(member, header, FIELD_U64, MUST),
	F(member, bytes, FIELD_U64, MUST), F(member, sha256, FIELD_HEX32, MUST), F(member, state, FIELD_HEX32, MAY),
};
static const struct field removed_fields[] = {
	F(removed, key, FIELD_TEXT, MUST),
};

static const struct field relayed_fields[] = {
	F(relayed, key, FIELD_TEXT, MUST), F(relayed, bytes, FIELD_U64, MUST), F(relayed, sha256, FIELD_HEX32, MUST),
};

#define K(upper, lower) [REC_##upper] = { #lower, lower##_fields, GPM_ARRAY_LEN(lower##_fields), \
	sizeof(struct rec_##lower) }

const struct kind record_kinds[REC_COUNT] = {
	K(HEAD, head), K(RUN, run), K(PUSH, push), K(MOMENT, moment), K(TABLE, table),
	K(ATTEMPT, attempt), K(CHUNK, chunk), K(DONE, done), K(FAILED, failed),
	K(SKIPPED, skipped), K(SEQUENCE, sequence), K(MATVIEW, matview), K(FILE, file),
	K(MANIFEST, manifest), K(SEALED, sealed), K(MARK, mark), K(END, end), K(HOST, host), K(PIECE, piece),
	K(VOLUME, volume), K(MEMBER, member), K(REMOVED, removed), K(RELAYED, relayed),
};

static void
free_strings(struct strings *s)
{
	for (size_t i = 0; i < s->len; i++)
		free(s->at[i]);
	free(s->at);
}

void
columns_release(struct columns *c)
{
	for (size_t i = 0; i < c->len; i++) {
		free(c->at[i].name);
		free(c->at[i].type);
		free(c->at[i].base);
	}
	free(c->at);
	memset(c, 0, sizeof(*c));
}

void
record_free_fields(enum record_type type, void *rec)
{
	const struct kind *kind = &record_kinds[type];

	for (size_t i = 0; i < kind->nfields; i++) {
		void *p = (char *)rec + kind->fields[i].offset;

		switch (kind->fields[i].type) {
		case FIELD_TEXT:
		case FIELD_NAME:
			free(*(char **)p);
			break;
		case FIELD_OBJECT:
			json_decref(*(json_t **)p);
			break;
		case FIELD_NAMES:
			free_strings(p);
			break;
		case FIELD_NUMBERS:
			free(((struct numbers *)p)->at);
			break;
		case FIELD_COLUMNS:
			columns_release(p);
			break;
		case FIELD_U64:
		case FIELD_I64:
		case FIELD_BOOL:
		case FIELD_DIGEST:
		case FIELD_HEX16:
		case FIELD_HEX32:
			break;
		}
	}
	memset(rec, 0, kind->size);
}

void
record_release(struct record *r)
{
	record_free_fields(r->type, &r->u);
}

void
record_take(struct record *r, void *out)
{
	memcpy(out, &r->u, record_kinds[r->type].size);
	memset(&r->u, 0, sizeof(r->u));
}

const char *
record_type_name(enum record_type type)
{
	return record_kinds[type].name;
}

char *
record_begins(enum record_type type)
{
	return mem_printf("{\"rec\":\"%s\"", record_kinds[type].name);
}

unsigned char *
columns_float_kinds(const struct columns *columns)
{
	unsigned char *kinds = mem_array(columns->len, 1);
	bool any = false;

	for (size_t i = 0; i < columns->len; i++) {
		kinds[i] = (unsigned char)columns->at[i].float_kind;
		any = any || kinds[i] != 0;
	}
	if (any)
		return kinds;
	free(kinds);
	return NULL;
}

bool
numbers_has(const struct numbers *numbers, uint64_t number)
{
	for (size_t i = 0; i < numbers->len; i++)
		if (numbers->at[i] == number)
			return true;
	return false;
}

void
numbers_add(struct numbers *numbers, uint64_t number)
{
	numbers->at = mem_grow(numbers->at, (numbers->len + 1) * sizeof(*numbers->at));
	numbers->at[numbers->len++] = number;
}
