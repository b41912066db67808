/* Goal of this test: every kind of record says the same after it was written and read back, and a line
 * that is not exactly a record is refused with a reason. */
#include "prelude.h"

#include "err.h"
#include "record.h"
#include "tap.h"

#define H16 "000102030405060708090a0b0c0d0e0f"
#define H32 H16 "f0e0d0c0b0a090807060504030201000"
#define DIGEST "0000000000000001ffffffffffffffff"
#define MAX "9223372036854775807"

static int
read_line(const char *line, struct record *out, struct err *e)
{
	return record_read(line, strlen(line), out, e);
}

/* Reads LINE into *R and writes it again: true when the same came out. */
static bool
same_again(const char *line, struct record *r)
{
	struct buf b;
	struct err e;
	bool same = false;

	buf_init(&b, RECORD_LINE_LIMIT);
	if (read_line(line, r, &e) < 0) {
		printf("# %s: %s\n", line, e.text);
		memset(r, 0, sizeof(*r));
	} else if (record_write(r->type, &r->u, &b, &e) < 0) {
		printf("# %s: %s\n", line, e.text);
	} else {
		same = b.len == strlen(line) && memcmp(b.data, line, b.len) == 0;
		if (!same)
			printf("#   got  %.*s\n#   want %s\n", (int)b.len, b.data, line);
	}
	buf_release(&b);
	return same;
}

/* Every optional field present (FULL) and absent (LEAST). */
static void
keeps(enum record_type type, const char *full, const char *least, struct record *r)
{
	const char *name = record_type_name(type);

	if (least != NULL) {
		ok(same_again(least, r) && r->type == type, "%s without what may be left out", name);
		record_release(r);
	}
	ok(same_again(full, r) && r->type == type, "%s with everything", name);
}

static bool
counts_up(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != i)
			return false;
	return true;
}

static void
test_small_kinds(void)
{
	struct record r;

	keeps(REC_HEAD,
	    "{\"rec\":\"head\",\"format\":\"gpm-run\",\"version\":1,\"run\":\"r\",\"gpm\":\"0.1\"}", NULL,
	    &r);
	ok(strcmp(r.u.head.format, "gpm-run") == 0 && r.u.head.version == 1 && strcmp(r.u.head.run,
	    "r") == 0 &&
	    strcmp(r.u.head.gpm, "0.1") == 0, "its fields");
	record_release(&r);
	keeps(REC_MOMENT,
	    "{\"rec\":\"moment\",\"moment\":2,\"scope\":\"run\",\"snapshot\":\"s\",\"time\":\"t\"}",
	    "{\"rec\":\"moment\",\"moment\":2,\"scope\":\"table\",\"time\":\"t\"}", &r);
	ok(r.u.moment.moment == 2 && strcmp(r.u.moment.scope, "run") == 0 && strcmp(r.u.moment.snapshot,
	    "s") == 0 &&
	    strcmp(r.u.moment.time, "t") == 0, "its fields");
	record_release(&r);
	keeps(REC_ATTEMPT,
	    "{\"rec\":\"attempt\",\"table\":1,\"attempt\":2,\"moment\":3,\"method\":\"copy\",\"time\":\"t\"}",
	    NULL, &r);
	ok(r.u.attempt.table == 1 && r.u.attempt.attempt == 2 && r.u.attempt.moment == 3 &&
	    strcmp(r.u.attempt.method, "copy") == 0 && strcmp(r.u.attempt.time, "t") == 0, "its fields");
	record_release(&r);
	keeps(REC_FAILED,
	    "{\"rec\":\"failed\",\"table\":4,\"schema\":\"s\",\"name\":\"n\",\"reason\":\"why\"}", NULL, &r);
	ok(r.u.failed.table == 4 && strcmp(r.u.failed.schema, "s") == 0 && strcmp(r.u.failed.name,
	    "n") == 0 &&
	    strcmp(r.u.failed.reason, "why") == 0, "its fields");
	record_release(&r);
	keeps(REC_SKIPPED,
	    "{\"rec\":\"skipped\",\"schema\":\"s\",\"name\":\"n\",\"kind\":\"k\",\"reason\":\"why\"}", NULL,
	    &r);
	ok(strcmp(r.u.skipped.schema, "s") == 0 && strcmp(r.u.skipped.name, "n") == 0 &&
	    strcmp(r.u.skipped.kind, "k") == 0 && strcmp(r.u.skipped.reason, "why") == 0, "its fields");
	record_release(&r);
	keeps(REC_SEQUENCE,
	    "{\"rec\":\"sequence\",\"schema\":\"s\",\"name\":\"n\",\"last_value\":-9223372036854775808,"
	    "\"is_called\":true}",
	    "{\"rec\":\"sequence\",\"schema\":\"s\",\"name\":\"n\",\"last_value\":0,\"is_called\":false}",
	    &r);
	ok(strcmp(r.u.sequence.schema, "s") == 0 && strcmp(r.u.sequence.name, "n") == 0 &&
	    r.u.sequence.last_value == INT64_MIN && r.u.sequence.is_called, "its fields");
	record_release(&r);
	keeps(REC_MATVIEW, "{\"rec\":\"matview\",\"schema\":\"s\",\"name\":\"n\",\"populated\":true}", NULL,
	    &r);
	ok(strcmp(r.u.matview.schema, "s") == 0 && strcmp(r.u.matview.name, "n") == 0 &&
	    r.u.matview.populated, "its fields");
	record_release(&r);
	keeps(REC_MARK, "{\"rec\":\"mark\",\"time\":\"t\",\"plain_bytes\":7,\"stored_bytes\":5,\"error\":\"x\"}", NULL, &r);
	ok(strcmp(r.u.mark.time, "t") == 0 && r.u.mark.plain_bytes == 7 && r.u.mark.stored_bytes == 5 &&
	    strcmp(r.u.mark.error, "x") == 0, "its fields");
	record_release(&r);
	keeps(REC_SEALED,
	    "{\"rec\":\"sealed\",\"stored_bytes\":5,\"stored_sha256\":\"" H32 "\",\"time\":\"t\"}", NULL, &r);
	ok(r.u.sealed.stored_bytes == 5 && counts_up(r.u.sealed.stored_sha256, 16) &&
	    r.u.sealed.stored_sha256[16] == 0xf0 && strcmp(r.u.sealed.time, "t") == 0, "its fields");
	record_release(&r);
}

static void
test_run_and_push(void)
{
	static const char full[] = "{\"rec\":\"run\",\"system\":\"Greenplum\",\"server_version\":\"v\","
	    "\"server_version_num\":120012,"
	    "\"source_id\":\"7/1\",\"database\":\"d\",\"encoding\":\"UTF8\",\"server_time\":\"t\","
	    "\"group\":\"g\",\"predecessor\":\"p\","
	    "\"predecessor_sha256\":\"" H32 "\",\"base\":\"b\",\"digest\":\"gpm-row-1\",\"chunk_size\":1,\"batch_size\":2,"
	    "\"batch_chunks\":3,"
	    "\"settings\":{\"DateStyle\":\"ISO, MDY\"},\"selection\":{\"schema\":[\"b\",\"a\"]},"
	    "\"roles\":[\"r\",{\"name_hex\":\"ff41\"}],\"hosts\":[\"h1\",\"h2\"]}";
	static const char least[] = "{\"rec\":\"run\",\"system\":\"\",\"server_version\":\"\","
	    "\"server_version_num\":0,"
	    "\"source_id\":\"\",\"database\":\"\",\"encoding\":\"\",\"server_time\":\"\",\"digest\":\"\","
	    "\"chunk_size\":0,"
	    "\"batch_size\":0,\"batch_chunks\":0,\"settings\":{},\"selection\":{},\"roles\":[]}";
	struct rec_push *push;
	struct rec_run *run;
	struct record r;

	keeps(REC_RUN, full, least, &r);
	run = &r.u.run;
	ok(strcmp(run->system, "Greenplum") == 0 && strcmp(run->server_version, "v") == 0 &&
	    run->server_version_num == 120012 &&
	    strcmp(run->source_id, "7/1") == 0 && strcmp(run->database, "d") == 0 && strcmp(run->encoding,
	    "UTF8") == 0 &&
	    strcmp(run->server_time, "t") == 0 && strcmp(run->group, "g") == 0 && strcmp(run->predecessor,
	    "p") == 0 &&
	    strcmp(run->predecessor_sha256, H32) == 0 && strcmp(run->base, "b") == 0 && strcmp(run->digest, "gpm-row-1") == 0, "its texts");
	ok(run->chunk_size == 1 && run->batch_size == 2 && run->batch_chunks == 3, "its numbers");
	is_str(json_string_value(json_object_get(run->settings, "DateStyle")), "ISO, MDY", "its settings");
	ok(json_array_size(json_object_get(run->selection, "schema")) == 2, "its selection");
	ok(run->roles.len == 2 && strcmp(run->roles.at[1], "\xff" "A") == 0 && run->hosts.len == 2 &&
	    strcmp(run->hosts.at[1], "h2") == 0, "its lists");
	record_release(&r);

	keeps(REC_PUSH,
	    "{\"rec\":\"push\",\"target\":\"s3\",\"methods\":[\"a\",\"b\"],\"compression\":\"zstd:1\","
	    "\"encryption\":\"e\","
	    "\"key_id\":\"k\",\"url\":\"u\",\"bases\":[\"r1\",\"r2\"]}",
	    "{\"rec\":\"push\",\"target\":\"any\",\"methods\":[],\"compression\":\"none\"}", &r);
	push = &r.u.push;
	ok(strcmp(push->target, "s3") == 0 && push->methods.len == 2 && strcmp(push->methods.at[0],
	    "a") == 0 &&
	    strcmp(push->compression, "zstd:1") == 0 && strcmp(push->encryption, "e") == 0 &&
	    strcmp(push->key_id, "k") == 0 &&
	    strcmp(push->url, "u") == 0 && push->bases.len == 2 && strcmp(push->bases.at[1], "r2") == 0, "its fields");
	record_release(&r);
}

static void
test_table(void)
{
	static const char full[] = "{\"rec\":\"table\",\"table\":1,\"schema\":\"s\",\"name\":\"n\","
	    "\"kind\":\"leaf\",\"root_schema\":\"rs\","
	    "\"root_name\":\"rn\",\"oid\":2,\"relfilenode\":3,\"bytes\":" MAX ",\"encoding\":\"UTF8\","
	    "\"dialect\":{\"format\":\"csv\"},"
	    "\"columns\":[{\"name\":\"a\",\"type\":\"int\"},{\"name_hex\":\"e9\",\"type\":\"real\","
	    "\"float\":4},"
	    "{\"name\":\"c\",\"type_hex\":\"fe\",\"base\":\"b\",\"float\":8}],\"filter\":\"WHERE x\","
	    "\"distribution\":\"BY\",\"storage\":\"ao\",\"since_column\":\"a\",\"since_value\":\"7\"}";
	static const char least[] = "{\"rec\":\"table\",\"table\":1,\"schema_hex\":\"c3\","
	    "\"name_hex\":\"ff\",\"kind\":\"table\",\"oid\":2,"
	    "\"relfilenode\":3,\"bytes\":0,\"encoding\":\"LATIN1\",\"dialect\":{},\"columns\":[]}";
	const struct rec_table *t;
	unsigned char *kinds;
	struct rec_table taken;
	struct record r;

	keeps(REC_TABLE, full, least, &r);
	t = &r.u.table;
	ok(t->table == 1 && strcmp(t->schema, "s") == 0 && strcmp(t->name, "n") == 0 && strcmp(t->kind,
	    "leaf") == 0 &&
	    strcmp(t->root_schema, "rs") == 0 && strcmp(t->root_name, "rn") == 0, "what it is");
	ok(t->oid == 2 && t->relfilenode == 3 && t->bytes == INT64_MAX && strcmp(t->encoding, "UTF8") == 0,
	    "where it was");
	ok(strcmp(t->filter, "WHERE x") == 0 && strcmp(t->distribution, "BY") == 0 && strcmp(t->storage,
	    "ao") == 0 && strcmp(t->since_column, "a") == 0 && strcmp(t->since_value, "7") == 0, "the rest");
	ok(t->columns.len == 3 && strcmp(t->columns.at[1].name, "\xe9") == 0 && strcmp(t->columns.at[1].type,
	    "real") == 0 &&
	    strcmp(t->columns.at[2].type, "\xfe") == 0 && t->columns.at[0].float_kind == 0 &&
	    t->columns.at[0].base == NULL && strcmp(t->columns.at[2].base, "b") == 0, "its columns");
	kinds = columns_float_kinds(&t->columns);
	ok(kinds != NULL && kinds[0] == 0 && kinds[1] == 4 && kinds[2] == 8, "which of them hold floats");
	free(kinds);

	record_take(&r, &taken);
	ok(r.u.table.name == NULL && r.u.table.columns.len == 0 && r.u.table.dialect == NULL,
	    "what was taken is not there any more");
	record_release(&r);
	is_str(taken.columns.at[0].name, "a", "and belongs to the taker");
	taken.columns.at[1].float_kind = taken.columns.at[2].float_kind = 0;
	ok(columns_float_kinds(&taken.columns) == NULL, "no floats, no list");
	columns_release(&taken.columns);
	ok(taken.columns.len == 0 && taken.columns.at == NULL, "columns are released");
	record_free_fields(REC_TABLE, &taken);
	ok(taken.name == NULL && taken.table == 0, "fields are freed and cleared");
}

static void
test_rows_kinds(void)
{
	static const char chunk[] = "{\"rec\":\"chunk\",\"table\":1,\"attempt\":2,\"key\":\"k\",\"batch\":3,"
	    "\"seq\":4,\"segments\":[0," MAX "],"
	    "\"rows\":5,\"digest\":\"" DIGEST "\",\"plain_bytes\":6,\"plain_xxh3\":\"" H16 "\","
	    "\"compression\":\"zstd\",\"encryption\":\"e\","
	    "\"stored_bytes\":7,\"stored_sha256\":\"" H32 "\",\"base\":\"r\"}";
	static const char done[] = "{\"rec\":\"done\",\"table\":1,\"attempt\":2,\"moment\":3,"
	    "\"method\":\"copy\",\"chunks\":4,\"batches\":5,"
	    "\"rows\":6,\"digest\":\"" DIGEST "\",\"plain_bytes\":7,\"time\":\"t\","
	    "\"aggregates\":{\"a\":{\"max\":1}},\"rest\":9,\"change\":\"c\",\"base\":\"b\",\"base_table\":8}";
	const struct rec_chunk *c;
	const struct rec_done *d;
	struct record r;

	keeps(REC_CHUNK, chunk,
	    "{\"rec\":\"chunk\",\"key\":\"k\",\"batch\":0,\"seq\":0,\"rows\":0,\"digest\":\"" DIGEST "\","
	    "\"plain_bytes\":0,\"plain_xxh3\":\"" H16 "\"}", &r);
	c = &r.u.chunk;
	ok(c->table == 1 && c->attempt == 2 && strcmp(c->key, "k") == 0 && c->batch == 3 && c->seq == 4 &&
	    c->rows == 5 &&
	    c->plain_bytes == 6 && c->stored_bytes == 7, "its numbers");
	ok(c->segments.len == 2 && c->segments.at[0] == 0 && c->segments.at[1] == INT64_MAX, "its segments");
	ok(c->digest.high == 1 && c->digest.low == UINT64_MAX && counts_up(c->plain_xxh3, 16) &&
	    counts_up(c->stored_sha256, 16) && c->stored_sha256[31] == 0, "its hashes");
	ok(strcmp(c->compression, "zstd") == 0 && strcmp(c->encryption, "e") == 0 && strcmp(c->base, "r") == 0, "how it is stored, and where");
	record_release(&r);
	keeps(REC_DONE, done,
	    "{\"rec\":\"done\",\"table\":0,\"attempt\":0,\"moment\":0,\"method\":\"\",\"chunks\":0,"
	    "\"batches\":0,"
	    "\"rows\":0,\"digest\":\"" DIGEST "\",\"plain_bytes\":0,\"time\":\"\"}", &r);
	d = &r.u.done;
	ok(d->table == 1 && d->attempt == 2 && d->moment == 3 && d->chunks == 4 && d->batches == 5 &&
	    d->rows == 6 &&
	    d->plain_bytes == 7 && d->digest.high == 1 && strcmp(d->method, "copy") == 0 && strcmp(d->time,
	    "t") == 0 &&
	    json_object_size(d->aggregates) == 1 && d->rest == 9 && strcmp(d->change, "c") == 0 && strcmp(d->base, "b") == 0 && d->base_table == 8, "its fields");
	record_release(&r);
}

static void
test_stored_kinds(void)
{
	static const char file[] = "{\"rec\":\"file\",\"key\":\"k\",\"plain_bytes\":1,"
	    "\"plain_xxh3\":\"" H16 "\",\"compression\":\"c\","
	    "\"encryption\":\"e\",\"stored_bytes\":2,\"stored_sha256\":\"" H32 "\"}";
	static const char manifest[] = "{\"rec\":\"manifest\",\"table\":1,\"schema\":\"s\",\"name\":\"n\","
	    "\"key\":\"k\",\"attempt\":2,"
	    "\"chunks\":3,\"batches\":4,\"rows\":5,\"digest\":\"" DIGEST "\",\"plain_bytes\":6,"
	    "\"data_bytes\":7,\"stored_bytes\":8,"
	    "\"stored_sha256\":\"" H32 "\"}";
	static const char end[] = "{\"rec\":\"end\",\"lines\":1,\"tables\":2,\"failed\":3,\"chunks\":4,"
	    "\"rows\":5,\"plain_bytes\":6,"
	    "\"stored_bytes\":7,\"time\":\"t\",\"sha256\":\"" H32 "\"}";
	const struct rec_manifest *m;
	struct record r;

	keeps(REC_FILE, file, "{\"rec\":\"file\",\"key\":\"k\",\"plain_bytes\":0}", &r);
	ok(strcmp(r.u.file.key, "k") == 0 && r.u.file.plain_bytes == 1 && counts_up(r.u.file.plain_xxh3,
	    16) &&
	    strcmp(r.u.file.compression, "c") == 0 && strcmp(r.u.file.encryption, "e") == 0 &&
	    r.u.file.stored_bytes == 2 &&
	    counts_up(r.u.file.stored_sha256, 16), "its fields");
	record_release(&r);
	keeps(REC_MANIFEST, manifest, NULL, &r);
	m = &r.u.manifest;
	ok(m->table == 1 && strcmp(m->schema, "s") == 0 && strcmp(m->name, "n") == 0 && strcmp(m->key,
	    "k") == 0 &&
	    m->attempt == 2 && m->chunks == 3 && m->batches == 4 && m->rows == 5 && m->digest.high == 1 &&
	    m->plain_bytes == 6 && m->data_bytes == 7 && m->stored_bytes == 8 && counts_up(m->stored_sha256,
	    16), "its fields");
	record_release(&r);
	keeps(REC_END, end, "{\"rec\":\"end\",\"lines\":0,\"rows\":0,\"plain_bytes\":0}", &r);
	ok(r.u.end.lines == 1 && r.u.end.tables == 2 && r.u.end.failed == 3 && r.u.end.chunks == 4 &&
	    r.u.end.rows == 5 &&
	    r.u.end.plain_bytes == 6 && r.u.end.stored_bytes == 7 && strcmp(r.u.end.time, "t") == 0 &&
	    counts_up(r.u.end.sha256, 16), "its fields");
	record_release(&r);
}

/* --- what is refused --- */

static void
refuses(const char *line, const char *reason, const char *name)
{
	struct record r;
	struct err e = { ERR_OK, "", "" };
	int rc = read_line(line, &r, &e);

	if (rc == 0)
		record_release(&r);
	ok(rc == -1 && e.code == ERR_DIFFERS, "refused: %s (%s)", name, err_name(e.code));
	if (rc < 0)
		has_str(e.text, reason, "with the reason");
}

#define SEQ(fields) "{\"rec\":\"sequence\",\"schema\":\"s\",\"name\":\"n\"," fields "}"
#define MAT(names) "{\"rec\":\"matview\"," names ",\"populated\":true}"
#define FILE_(fields) "{\"rec\":\"file\",\"key\":\"k\"," fields "}"
#define COL(columns) "{\"rec\":\"table\",\"table\":1,\"schema\":\"s\",\"name\":\"n\",\"kind\":\"table\"," \
    "\"oid\":2,\"relfilenode\":3," \
    "\"bytes\":0,\"encoding\":\"e\",\"dialect\":{},\"columns\":" columns "}"
#define CHU(fields, digest) "{\"rec\":\"chunk\",\"key\":\"k\",\"batch\":0,\"seq\":0,\"rows\":0," \
    "\"digest\":" digest \
    ",\"plain_bytes\":0,\"plain_xxh3\":\"" H16 "\"" fields "}"
#define ROL(roles) "{\"rec\":\"push\",\"target\":\"t\",\"methods\":" roles ",\"compression\":\"c\"}"

static void
test_objects(void)
{
	refuses("", "not a JSON object", "an empty line");
	refuses("null", "not a JSON object", "null");
	refuses("[]", "not a JSON object", "a list");
	refuses("[{\"rec\":\"end\"}]", "not a JSON object", "a list of a record");
	refuses("\"end\"", "not a JSON object", "a string");
	refuses("{\"rec\":\"end\"", "not a JSON object", "an object without its end");
	refuses(FILE_("\"plain_bytes\":1") "x", "not a JSON object", "bytes behind the object");
	refuses(FILE_("\"plain_bytes\":1") "{}", "not a JSON object", "two objects");
	refuses("{}", "field \"rec\" is missing", "nothing");
	refuses("{\"rec\":7}", "field \"rec\" is missing", "a kind that is a number");
	refuses("{\"rec\":\"ends\"}", "unknown kind of record \"ends\"", "an unknown kind");
	refuses("{\"rec\":\"END\"}", "unknown kind", "a kind in capitals");
	refuses("{\"rec\":\"\"}", "unknown kind", "a kind without a name");
	refuses(FILE_("\"plain_bytes\":1,\"more\":1"), "file record: unknown field \"more\"; a newer gpm",
	    "an unknown field");
	refuses(FILE_("\"plain_bytes\":1,\"check\":\"00\""), "unknown field \"check\"", "a journal's check");
	refuses(FILE_("\"plain_bytes\":1,\"key_hex\":\"ff\""), "unknown field \"key_hex\"",
	    "hex for a field that is no name");
	refuses(FILE_("\"plain_bytes\":1,\"plain_bytes\":1"), "duplicate", "a field twice");
	refuses(FILE_("\"plain_bytes\":1,\"rec\":\"file\""), "duplicate", "the kind twice");
	refuses(FILE_("\"stored_bytes\":1"), "file record: field \"plain_bytes\" is missing",
	    "a missing field");
	refuses(FILE_("\"plain_bytes\":1,\"compression\":\"\\u0000\""), "not a JSON object",
	    "a NUL in a text");
	refuses(FILE_("\"plain_bytes\":1,\"compression\":\"\xff\""), "not a JSON object",
	    "a text that is not UTF-8");
	refuses(FILE_("\"plain_bytes\":1,\"compression\":\"\\ud800\""), "not a JSON object",
	    "half a surrogate");
}

static void
test_numbers(void)
{
	refuses(FILE_("\"plain_bytes\":-1"), "\"plain_bytes\" is not a whole number", "a negative number");
	refuses(FILE_("\"plain_bytes\":9223372036854775808"), "not a JSON object: too big integer", "2^63");
	refuses(FILE_("\"plain_bytes\":18446744073709551617"), "too big integer", "a number above 2^64");
	refuses(FILE_("\"plain_bytes\":1.0"), "\"plain_bytes\" is not a whole number", "a point");
	refuses(FILE_("\"plain_bytes\":1e3"), "\"plain_bytes\" is not a whole number", "an exponent");
	refuses(FILE_("\"plain_bytes\":\"1\""), "\"plain_bytes\" is not a whole number", "digits in quotes");
	refuses(FILE_("\"plain_bytes\":null"), "\"plain_bytes\" is not a whole number", "null for a number");
	refuses(FILE_("\"plain_bytes\":true"), "\"plain_bytes\" is not a whole number", "true for a number");
	refuses(FILE_("\"plain_bytes\":01"), "not a JSON object", "a zero in front");
	refuses(SEQ("\"last_value\":-9223372036854775809,\"is_called\":true"), "too big negative integer",
	    "below -2^63");
	refuses(SEQ("\"last_value\":1.5,\"is_called\":true"), "\"last_value\" is not a whole number",
	    "half a number");
	refuses(SEQ("\"last_value\":1,\"is_called\":1"), "\"is_called\" is neither true nor false",
	    "1 for true");
	refuses(SEQ("\"last_value\":1,\"is_called\":null"), "\"is_called\" is neither true nor false",
	    "null for true");
	refuses(CHU(",\"segments\":[-1]", "\"" DIGEST "\""), "\"segments\" is not a list of numbers",
	    "a negative segment");
	refuses(CHU(",\"segments\":[1.5]", "\"" DIGEST "\""), "\"segments\" is not a list of numbers",
	    "half a segment");
	refuses(CHU(",\"segments\":1", "\"" DIGEST "\""), "\"segments\" is not a list",
	    "a number for a list");
}

static void
test_texts_and_hashes(void)
{
	refuses("{\"rec\":\"file\",\"key\":1,\"plain_bytes\":1}", "\"key\" is not a string",
	    "a number for a text");
	refuses("{\"rec\":\"file\",\"key\":null,\"plain_bytes\":1}", "\"key\" is not a string",
	    "null for a text");
	refuses(CHU("", "\"0\""), "\"digest\" is not a row digest", "a short digest");
	refuses(CHU("", "\"" DIGEST "0\""), "\"digest\" is not a row digest", "a long digest");
	refuses(CHU("", "\"0000000000000001FFFFFFFFFFFFFFFF\""), "\"digest\" is not a row digest",
	    "a digest in capitals");
	refuses(CHU("", "1"), "\"digest\" is not a row digest", "a number for a digest");
	refuses(FILE_("\"plain_bytes\":1,\"plain_xxh3\":\"" H32 "\""), "\"plain_xxh3\" is not a hash",
	    "a hash of 32 bytes for 16");
	refuses(FILE_("\"plain_bytes\":1,\"stored_sha256\":\"" H16 "\""), "\"stored_sha256\" is not a hash",
	    "a hash of 16 bytes for 32");
	refuses(FILE_("\"plain_bytes\":1,\"plain_xxh3\":\"\""), "\"plain_xxh3\" is not a hash",
	    "an empty hash");
	refuses(FILE_("\"plain_bytes\":1,\"plain_xxh3\":\"000102030405060708090A0B0C0D0E0F\""),
	    "\"plain_xxh3\" is not a hash",
	    "a hash in capitals");
	refuses(FILE_("\"plain_bytes\":1,\"plain_xxh3\":\"000102030405060708090a0b0c0d0e0g\""),
	    "\"plain_xxh3\" is not a hash",
	    "a hash with a g");
	refuses(FILE_("\"plain_bytes\":1,\"plain_xxh3\":5"), "\"plain_xxh3\" is not a string",
	    "a number for a hash");
}

static void
test_names(void)
{
	struct record r;
	struct err e;

	refuses(MAT("\"schema\":\"s\",\"schema_hex\":\"ff\",\"name\":\"n\""), "\"schema\" is not one string",
	    "a name both ways");
	refuses(MAT("\"schema\":\"s\",\"name\":7"), "\"name\" is not one string", "a number for a name");
	refuses(MAT("\"schema\":\"s\",\"name_hex\":7"), "\"name\" is not one string",
	    "a number for a name's hex");
	refuses(MAT("\"schema\":\"s\",\"name_hex\":null"), "\"name\" is not one string",
	    "null for a name's hex");
	refuses(MAT("\"schema\":\"s\""), "matview record: field \"name\" is missing", "no name");
	refuses(MAT("\"schema\":\"s\",\"name_hex\":\"ff00ff\""), "NUL byte", "a name with a NUL");
	refuses(ROL("[1]"), "\"methods\" is not a list of names", "a number in a list of names");
	refuses(ROL("[null]"), "\"methods\" is not a list of names", "null in a list of names");
	refuses(ROL("[\"a\",{}]"), "\"methods\" is not a list of names", "nothing in a list of names");
	refuses(ROL("[{\"name_hex\":\"ff\",\"more\":1}]"), "\"methods\" is not a list of names",
	    "more in a list of names");
	refuses(ROL("[[\"a\"]]"), "\"methods\" is not a list of names", "a list in a list of names");
	refuses(ROL("{\"a\":1}"), "\"methods\" is not a list", "an object for a list");
	ok(read_line(MAT("\"schema\":\"s\",\"name_hex\":\"ff0\""), &r, &e) == -1,
	    "refused: half a byte of hex");
	ok(read_line(MAT("\"schema\":\"s\",\"name_hex\":\"FF\""), &r, &e) == -1, "refused: hex in capitals");
	ok(read_line(ROL("[\"a\",{\"name_hex\":\"zz\"}]"), &r, &e) == -1,
	    "refused: a list with a name of bad hex");
}

static void
test_columns(void)
{
	refuses(COL("{}"), "\"columns\" is not a list", "columns as an object");
	refuses(COL("[\"a\"]"), "\"columns\" is not a list of columns", "a column that is a string");
	refuses(COL("[{\"name\":\"a\",\"type\":\"real\",\"float\":5}]"), "\"float\" is neither 4 nor 8",
	    "float 5");
	refuses(COL("[{\"name\":\"a\",\"type\":\"real\",\"float\":0}]"), "\"float\" is neither 4 nor 8",
	    "float 0");
	refuses(COL("[{\"name\":\"a\",\"type\":\"real\",\"float\":-4}]"), "\"float\" is neither 4 nor 8",
	    "float -4");
	refuses(COL("[{\"name\":\"a\",\"type\":\"real\",\"float\":4.0}]"), "\"float\" is neither 4 nor 8",
	    "float 4.0");
	refuses(COL("[{\"name\":\"a\",\"type\":\"real\",\"float\":\"4\"}]"), "\"float\" is neither 4 nor 8",
	    "float in quotes");
	refuses(COL("[{\"name\":\"a\",\"type\":\"real\",\"float\":null}]"), "\"float\" is neither 4 nor 8",
	    "float null");
	refuses(COL("[{\"name\":\"a\"}]"), "a column with a field missing or unknown",
	    "a column without a type");
	refuses(COL("[{\"type\":\"a\"}]"), "a column with a field missing or unknown",
	    "a column without a name");
	refuses(COL("[{\"name\":\"a\",\"type\":\"b\",\"x\":1}]"), "a column with a field missing or unknown",
	    "a column with more");
	refuses(COL("[{\"name\":\"a\",\"name_hex\":\"ff\",\"type\":\"b\"}]"), "\"name\" is not one string",
	    "a column's name both ways");
	refuses(COL("[{\"name\":\"a\",\"type\":\"b\"}],\"filter\":1"), "\"filter\" is not one string",
	    "a filter that is no text");
	refuses("{\"rec\":\"table\",\"table\":1,\"schema\":\"s\",\"name\":\"n\",\"kind\":\"table\",\"oid\":2,"
	    "\"relfilenode\":3,\"bytes\":0,"
	    "\"encoding\":\"e\",\"dialect\":[],\"columns\":[]}", "\"dialect\" is not an object",
	    "a list for an object");
}

/* {"rec":"done",…,"aggregates":{"a":{"a":…}}} */
static char *
nested(size_t depth)
{
	struct buf b;

	text_init(&b);
	text_puts(&b,
	    "{\"rec\":\"done\",\"table\":0,\"attempt\":0,\"moment\":0,\"method\":\"\",\"chunks\":0,"
	    "\"batches\":0,\"rows\":0,"
	    "\"digest\":\"" DIGEST "\",\"plain_bytes\":0,\"time\":\"\",\"aggregates\":");
	for (size_t i = 0; i < depth; i++)
		text_puts(&b, "{\"a\":");
	text_puts(&b, "1");
	for (size_t i = 0; i < depth; i++)
		text_puts(&b, "}");
	text_puts(&b, "}");
	return text_take(&b);
}

static void
test_nesting(void)
{
	struct record r;
	struct err e = { ERR_OK, "", "" };
	char *line = nested(1000);

	ok(same_again(line, &r), "a thousand objects in one another");
	record_release(&r);
	free(line);
	line = nested(1000000);
	ok(read_line(line, &r, &e) == -1 && e.code == ERR_DIFFERS, "a million are refused: %.60s", e.text);
	free(line);
	line = mem_alloc(1000001);
	memset(line, '[', 1000000);
	ok(read_line(line, &r, &e) == -1 && e.code == ERR_DIFFERS, "and a million lists");
	free(line);
}

/* A line is its LEN bytes, whatever stands behind them, and no byte in it ends it early. */
static void
test_length(void)
{
	static const char line[] = FILE_("\"plain_bytes\":1") "\0garbage";
	struct record r;
	struct err e;
	size_t len = strlen(line), bad = 0;

	ok(record_read(line, len, &r, &e) == 0, "what stands behind a line is not looked at");
	record_release(&r);
	ok(record_read(line, len + 1, &r, &e) == -1, "a NUL behind the object is refused");
	ok(record_read(line, sizeof(line) - 1, &r, &e) == -1, "and so is what follows it");
	for (size_t n = 0; n < len; n++)
		bad += record_read(line, n, &r, &e) == 0;
	is_u64(bad, 0, "no part of a line is a record");
}

/* --- what is not written --- */

static void
test_write(void)
{
	char longest[] = "\xf0\x9d\x84\x9e \"\\/\x01\x7f";
	struct rec_file file = { .key = longest, .plain_bytes = (uint64_t)INT64_MAX + 1 };
	struct rec_skipped skipped = { longest, longest, longest, longest };
	struct record r;
	struct buf b;
	struct err e;

	buf_init(&b, 300);
	ok(record_write(REC_FILE, &file, &b, &e) == -1, "a number above 2^63-1 is not written");
	has_str(e.text, "\"plain_bytes\" of a file record", "and the message names it");
	is_u64(b.len, 0, "nothing of it is in the buffer");
	file.plain_bytes = INT64_MAX;
	ok(record_write(REC_FILE, &file, &b, &e) == 0, "2^63-1 is");
	buf_reset(&b);
	file.key = NULL;
	ok(record_write(REC_FILE, &file, &b, &e) == -1, "a text that must be there and is not");
	skipped.kind = mem_str("\xff");
	buf_reset(&b);
	ok(record_write(REC_SKIPPED, &skipped, &b, &e) == -1, "a text that is not UTF-8 and no name");
	has_str(e.text, "\"kind\" of a skipped record", "and the message names it");
	free(skipped.kind);
	skipped.kind = longest;
	buf_reset(&b);
	ok(record_write(REC_SKIPPED, &skipped, &b, &e) == 0 && record_read(b.data, b.len, &r, &e) == 0 &&
	    strcmp(r.u.skipped.reason, longest) == 0 && strcmp(r.u.skipped.schema, longest) == 0,
	    "odd characters come back");
	record_release(&r);
	ok(memchr(b.data, '\n', b.len) == NULL && memchr(b.data, 1, b.len) == NULL,
	    "control characters are escaped");
	buf_release(&b);

	buf_init(&b, 80);
	ok(record_write(REC_SKIPPED, &skipped, &b, &e) == -1 && e.code == ERR_FAILED,
	    "a record longer than the buffer may be");
	has_str(e.text, "a skipped record is longer than 80 bytes", "and the message says so");
	buf_release(&b);
}

/* Every byte that a name can hold. */
static void
test_name_bytes(void)
{
	struct rec_matview m = { .schema = mem_alloc(256), .name = mem_alloc(2) };
	struct record r;
	struct buf b;
	struct err e;
	int bad = 0;

	buf_init(&b, RECORD_LINE_LIMIT);
	for (int c = 1; c < 256; c++) {
		m.schema[c - 1] = (char)c;
		m.name[0] = (char)c;
		buf_reset(&b);
		if (record_write(REC_MATVIEW, &m, &b, &e) < 0 || memchr(b.data, '\n', b.len) != NULL ||
		    record_read(b.data, b.len, &r, &e) < 0) {
			bad++;
			continue;
		}
		bad += strcmp(r.u.matview.name, m.name) != 0 || strcmp(r.u.matview.schema, m.schema) != 0;
		record_release(&r);
	}
	is_u64((uint64_t)bad, 0, "names of any bytes come back");
	buf_release(&b);
	record_free_fields(REC_MATVIEW, &m);
}

int
main(void)
{
	test_small_kinds();
	test_run_and_push();
	test_table();
	test_rows_kinds();
	test_stored_kinds();
	test_objects();
	test_numbers();
	test_texts_and_hashes();
	test_names();
	test_columns();
	test_nesting();
	test_length();
	test_write();
	test_name_bytes();
	return tap_done();
}
