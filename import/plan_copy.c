/* plan_copy.c -- rows by psql's \copy, from gpm-import cat on psql's host. */
#include "prelude.h"

#include "cat_command.h"
#include "err.h"
#include "plan.h"
#include "quote.h"

static int
head(struct plan *p, struct err *e)
{
	(void)e; /* nothing can fail */
	text_puts(&p->out, "-- Before version 18 psql takes a line \\. inside a value for the end of the rows; that batch is then refused.\n");
	return 0;
}

/* psql reads \copy up to the end of the line, whatever quotes are open. */
static int
rows(struct plan *p, const struct share *s, const char *encoding, struct err *e)
{
	const struct rec_table *t = &s->table->table;
	char *command = cat_command(p->opts, p->run, t->table, &s->chunks[0], &s->chunks[s->n - 1], e);
	struct buf *b = &p->out;
	size_t begin = b->len;

	if (command == NULL)
		return -1;
	text_puts(b, "\\copy ");
	quote_name(b, t->schema, t->name);
	if (t->columns.len > 0) {
		text_puts(b, " (");
		quote_columns(b, &t->columns);
		text_puts(b, ")");
	}
	text_puts(b, " FROM PROGRAM ");
	quote_literal(b, command);
	free(command);
	text_printf(b, " WITH (FORMAT csv, DELIMITER ',', NULL '', QUOTE '\"', ESCAPE '\"', ENCODING '%s')", encoding);
	if (memchr(b->data + begin, '\n', b->len - begin) == NULL && memchr(b->data + begin, '\r', b->len - begin) == NULL) {
		text_puts(b, "\n");
		return 0;
	}
	err_set(e, ERR_FAILED, "\\copy takes no name and no path with a line break");
	return err_hint(e, "use --method file_fdw or web, or gpm-import load");
}

const struct plan_method plan_copy = { .name = "copy", .head = head, .rows = rows };
