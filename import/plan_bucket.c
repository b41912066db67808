/* plan_bucket.c -- rows by INSERT … SELECT from a folder that the database reads itself. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "external_sql.h"
#include "opt.h"
#include "plan.h"
#include "place.h"
#include "s3_location.h"
#include "unchecked.h"

/* The folder as it is now; psql cannot look.  All chunks of the batch are in the share. */
int
plan_compare_folder(struct plan *p, const struct share *s, struct err *e)
{
	const struct rec_chunk **chunks = mem_array(s->n, sizeof(*chunks));
	int rc;

	for (size_t i = 0; i < s->n; i++)
		chunks[i] = &s->chunks[i];
	rc = place_compare(p->run, chunks, s->n, e);
	free(chunks);
	return rc;
}

/* What load notes as well: nobody looked at the content of these rows. */
void
plan_note_unchecked(struct plan *p, const struct share *s)
{
	text_printf(&p->out, "INSERT INTO gpm.steps (run, step) VALUES ('%s', '" UNCHECKED_STEP "%" PRIu64 "');\n", p->run->id,
	    s->table->table.table, s->chunks[0].batch);
}

void
plan_head_unchecked(struct plan *p)
{
	text_puts(&p->out, "-- The folders were compared with the manifests when this script was written.  The content of the rows is not:\n"
	    "-- gpm-import check --verify content does it.\n");
}

/* One external table over the folder that LOCATION names. */
static int
external_rows(struct plan *p, const struct share *s, const char *prefix, const char *location, const char *encoding,
    struct err *e)
{
	const char *const urls[] = { location };
	struct external from = { .urls = urls, .nurls = 1 };
	int rc = plan_compare_folder(p, s, e);
	char *name;

	if (rc == 0) {
		name = plan_name(prefix, s);
		plan_external_rows(p, &s->table->table, name, &from, encoding);
		free(name);
	}
	return rc;
}

/* --- s3 -------------------------------------------------------------------------------------- */

static int
s3_head(struct plan *p, struct err *e)
{
	struct buf *b = &p->out;

	text_puts(b, "-- The database needs the protocol s3: CREATE FUNCTION read_from_s3() RETURNS integer AS '$libdir/gps3ext.so',\n"
	    "-- 's3_import' LANGUAGE C STABLE; CREATE TRUSTED PROTOCOL s3 (readfunc = read_from_s3);\n");
	text_puts(b, "-- The file behind config= has to lie on every segment host, to be read by the database's user alone, and holds\n");
	if (s3_location_conf(p->opts, p->run, "--   ", b, e) < 0)
		return -1;
	plan_head_unchecked(p);
	return plan_head_overriding(p, e);
}

static int
s3_rows(struct plan *p, const struct share *s, const char *encoding, struct err *e)
{
	char *location = s3_location(p->opts, p->run, &s->chunks[0], e);
	int rc = location != NULL ? external_rows(p, s, "gpm_s3", location, encoding, e) : -1;

	free(location);
	return rc;
}

static void
s3_after(struct plan *p, const struct share *s)
{
	plan_external_drop(p, "gpm_s3", s);
	plan_note_unchecked(p, s);
}

const struct plan_method plan_s3 = { .name = "s3", .head = s3_head, .rows = s3_rows, .after = s3_after };

/* --- pxf ------------------------------------------------------------------------------------- */

static int
pxf_head(struct plan *p, struct err *e)
{
	text_puts(&p->out, "-- By PXF's documentation: gpm's authors had no such server to run it on.  The PXF server has to be there, with the\n"
	    "-- bucket's endpoint and key in its s3-site.xml.\n");
	plan_head_unchecked(p);
	return plan_head_overriding(p, e);
}

/* The profile for rows with line ends in them; the others break such a row in two.  What PXF makes of a % in a path
 * its documentation does not say. */
static int
pxf_rows(struct plan *p, const struct share *s, const char *encoding, struct err *e)
{
	const char *server = opt_string(p->opts, OPT_ID_foreign_server);
	char *folder, *location;
	struct place place;
	int rc;

	if (place_find(p->opts, p->run, &place, e) < 0)
		return -1;
	folder = place_folder(&place, p->run, &s->chunks[0]);
	location = mem_printf("pxf://%s/%s?PROFILE=s3:text:multi&SERVER=%s&IGNORE_MISSING_PATH=false", place.bucket, folder, server);
	if (strpbrk(folder, "%+=") != NULL)
		rc = err_set(e, ERR_FAILED, "the name of its folder, '%s', holds bytes that PXF may read otherwise", folder);
	else
		rc = external_rows(p, s, "gpm_pxf", location, encoding, e);
	free(location);
	free(folder);
	place_release(&place);
	return rc;
}

static void
pxf_after(struct plan *p, const struct share *s)
{
	plan_external_drop(p, "gpm_pxf", s);
	plan_note_unchecked(p, s);
}

const struct plan_method plan_pxf = { .name = "pxf", .head = pxf_head, .rows = pxf_rows, .after = pxf_after };
