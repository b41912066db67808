/* plan_oss.c -- rows out of OSS for AnalyticDB for PostgreSQL: foreign tables, the older external tables, COPY … MANIFEST. */
#include "prelude.h"

#include <inttypes.h>
#include <jansson.h>

#include "atomic.h"
#include "err.h"
#include "insert_sql.h"
#include "opt.h"
#include "oss_sql.h"
#include "plan.h"

#define NOT_RUN "-- By AnalyticDB's documentation: gpm's authors had no such server to run it on.\n"

static const char key_head[] =
    "-- The bucket's key comes out of psql's environment, and stands in the statements that the server gets.\n"
    "\\set " OSS_SQL_ID " `printenv OSS_ACCESS_KEY_ID`\n\\set " OSS_SQL_KEY " `printenv OSS_ACCESS_KEY_SECRET`\n";

/* --- foreign tables -------------------------------------------------------------------------- */

static int
fdw_head(struct plan *p, struct err *e)
{
	text_puts(&p->out, NOT_RUN);
	text_puts(&p->out, "-- The foreign server has to be there: CREATE SERVER … FOREIGN DATA WRAPPER oss_fdw OPTIONS (endpoint '…', the\n"
	    "-- internal one); CREATE USER MAPPING FOR … SERVER … OPTIONS (id '…', key '…');\n");
	plan_head_unchecked(p);
	return plan_head_overriding(p, e);
}

static int
fdw_rows(struct plan *p, const struct share *s, const char *encoding, struct err *e)
{
	const struct rec_table *t = &s->table->table;
	struct buf *b = &p->out;
	char *name, *folder;
	struct place place;

	if (plan_compare_folder(p, s, e) < 0 || place_find(p->opts, p->run, &place, e) < 0)
		return -1;
	name = plan_name("gpm_oss", s);
	folder = place_folder(&place, p->run, &s->chunks[0]);
	plan_check_insert(p, t);
	oss_sql_table(b, name, t, opt_string(p->opts, OPT_ID_foreign_server), place.bucket, folder, encoding);
	text_puts(b, " \\gexec\n");
	/* what the server finds there; a number that is another is none */
	text_puts(b, "SELECT pg_catalog.replace(q, 'pg_catalog.count(*)', ");
	text_printf(b, "'CASE WHEN pg_catalog.count(*) = %zu THEN 0 ELSE (''objects in the folder: '' || pg_catalog.count(*))"
	    "::pg_catalog.int4 END') AS gpm_objects FROM (", s->n);
	oss_sql_objects(b, name);
	text_puts(b, ") x (q) \\gset\n:gpm_objects \\g /dev/null\n");
	oss_sql_insert(b, name, t, PLAN_OVERRIDING);
	text_puts(b, ";\n");
	free(folder);
	free(name);
	place_release(&place);
	return 0;
}

static void
fdw_after(struct plan *p, const struct share *s)
{
	char *name = plan_name("gpm_oss", s);

	oss_sql_drop(&p->out, name);
	text_puts(&p->out, ";\n");
	free(name);
	plan_note_unchecked(p, s);
}

const struct plan_method plan_oss_fdw = { .name = "oss_fdw", .head = fdw_head, .rows = fdw_rows, .after = fdw_after };

/* --- external tables ------------------------------------------------------------------------- */

static int
ext_head(struct plan *p, struct err *e)
{
	text_puts(&p->out, NOT_RUN "-- For AnalyticDB 6.0: CREATE EXTENSION oss_ext. The key stands in the catalog until the table is dropped.\n");
	text_puts(&p->out, key_head);
	plan_head_unchecked(p);
	return plan_head_overriding(p, e);
}

static int
ext_rows(struct plan *p, const struct share *s, const char *encoding, struct err *e)
{
	const struct rec_table *t = &s->table->table;
	char *name, *folder;
	struct place place;

	if (plan_compare_folder(p, s, e) < 0 || place_find(p->opts, p->run, &place, e) < 0)
		return -1;
	name = plan_name("gpm_oss", s);
	folder = place_folder(&place, p->run, &s->chunks[0]);
	plan_check_insert(p, t);
	oss_sql_external(&p->out, name, t, &place, folder, encoding);
	text_puts(&p->out, " \\gexec\n");
	insert_sql_rows(&p->out, t, PLAN_OVERRIDING, "pg_temp", name);
	text_puts(&p->out, ";\n");
	free(folder);
	free(name);
	place_release(&place);
	return 0;
}

static void
ext_after(struct plan *p, const struct share *s)
{
	plan_external_drop(p, "gpm_oss", s);
	plan_note_unchecked(p, s);
}

const struct plan_method plan_oss_ext = { .name = "oss_ext", .head = ext_head, .rows = ext_rows, .after = ext_after };

/* --- COPY ------------------------------------------------------------------------------------ */

/* {"entries":[{"url":"oss://bucket/key","mandatory":true}, …]} */
static char *
manifest_text(const struct plan *p, const struct place *place, const struct share *s)
{
	json_t *entries = json_array(), *all = json_pack("{so}", "entries", entries);
	char *text;

	for (size_t i = 0; i < s->n; i++) {
		char *url = mem_printf("oss://%s/%s%s/%s", place->bucket, place->prefix, p->run->id, s->chunks[i].key);

		json_array_append_new(entries, json_pack("{ssso}", "url", url, "mandatory", json_true()));
		free(url);
	}
	text = json_dumps(all, JSON_INDENT(1));
	json_decref(all);
	return text;
}

static int
write_manifest(const struct plan *p, const struct place *place, const struct share *s, const char *name, struct err *e)
{
	char *text = manifest_text(p, place, s);
	char *path = mem_printf("%s/%s", opt_string(p->opts, OPT_ID_manifest_dir), name);
	int rc = text != NULL ? atomic_write_file(path, text, strlen(text), e) : err_sys(e, "no memory");

	free(text);
	free(path);
	return rc;
}

/* Where the user lays the manifests: beside the runs, where no run is looked for. */
static char *
manifest_url(const struct plan *p, const struct place *place, const char *name)
{
	return mem_printf("oss://%s/%sgpm-manifests/%s/%s", place->bucket, place->prefix, p->run->id, name);
}

static int
copy_head(struct plan *p, struct err *e)
{
	struct place place;
	char *url;

	if (place_find(p->opts, p->run, &place, e) < 0)
		return -1;
	url = manifest_url(p, &place, "");
	text_puts(&p->out, NOT_RUN "-- The files that plan wrote into --manifest-dir have to lie here, before this is run:\n--   ");
	text_printf(&p->out, "%s\n", url);
	text_puts(&p->out, key_head);
	plan_head_unchecked(p);
	free(url);
	place_release(&place);
	return 0;
}

static int
copy_rows(struct plan *p, const struct share *s, const char *encoding, struct err *e)
{
	struct place place;
	char *name, *url;
	int rc;

	if (plan_compare_folder(p, s, e) < 0 || place_find(p->opts, p->run, &place, e) < 0)
		return -1;
	name = mem_printf("%06" PRIu64 "-b%04" PRIu64 ".manifest", s->table->table.table, s->chunks[0].batch);
	url = manifest_url(p, &place, name);
	rc = write_manifest(p, &place, s, name, e);
	if (rc == 0) {
		oss_sql_copy(&p->out, &s->table->table, url, place.server, encoding);
		text_puts(&p->out, ";\n");
	}
	free(url);
	free(name);
	place_release(&place);
	return rc;
}

const struct plan_method plan_oss_copy = {
	.name = "oss_copy", .head = copy_head, .rows = copy_rows, .after = plan_note_unchecked,
};
