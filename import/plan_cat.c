/* plan_cat.c -- rows by INSERT … SELECT from what the server, or each segment of it, gets from gpm-import cat. */
#include "prelude.h"

#include "cat_command.h"
#include "external_sql.h"
#include "fdw_sql.h"
#include "insert_sql.h"
#include "plan.h"

/* --- file_fdw -------------------------------------------------------------------------------- */

static int
fdw_head(struct plan *p, struct err *e)
{
	(void)e; /* nothing can fail */
	text_puts(&p->out, "CREATE EXTENSION IF NOT EXISTS file_fdw SCHEMA gpm;\n");
	return 0;
}

static int
fdw_rows(struct plan *p, const struct share *s, const char *encoding, struct err *e)
{
	const struct rec_table *t = &s->table->table;
	char *command = cat_command(p->opts, p->run, t->table, &s->chunks[0], &s->chunks[s->n - 1], e);
	char *name = plan_name("gpm_cat", s);
	struct buf *b = &p->out;
	int rc = command != NULL ? 0 : -1;

	if (rc == 0) {
		plan_check_rules(p, t);
		fdw_sql_server(b, name);
		text_puts(b, ";\n");
		fdw_sql_table(b, name, t, command, encoding);
		text_puts(b, " \\gexec\n");
		fdw_sql_insert(b, name, t);
		text_puts(b, ";\n");
	}
	free(name);
	free(command);
	return rc;
}

static void
fdw_after(struct plan *p, const struct share *s)
{
	char *name = plan_name("gpm_cat", s);

	fdw_sql_drop_table(&p->out, name);
	text_puts(&p->out, ";\n");
	fdw_sql_drop_server(&p->out, name);
	text_puts(&p->out, ";\n");
	free(name);
}

const struct plan_method plan_file_fdw = { .name = "file_fdw", .head = fdw_head, .rows = fdw_rows, .after = fdw_after };

/* --- web ------------------------------------------------------------------------------------- */

static int
web_rows(struct plan *p, const struct share *s, const char *encoding, struct err *e)
{
	const struct rec_table *t = &s->table->table;
	char *command = cat_command_shards(p->opts, p->run, t->table, &s->chunks[0], &s->chunks[s->n - 1], e);
	char *name = plan_name("gpm_web", s);
	struct external from = { .command = command };

	if (command != NULL)
		plan_external_rows(p, t, name, &from, encoding);
	free(name);
	free(command);
	return command != NULL ? 0 : -1;
}

static void
web_after(struct plan *p, const struct share *s)
{
	plan_external_drop(p, "gpm_web", s);
}

const struct plan_method plan_web = { .name = "web", .head = plan_head_overriding, .rows = web_rows, .after = web_after };
