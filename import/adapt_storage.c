/* adapt_storage.c -- rules for storage options: WITH (…) and ENCODING (…). */
#include "prelude.h"

#include "adapt_rules.h"

static const char *const of_greenplum[] = {
	"appendonly", "appendoptimized", "orientation", "compresstype", "compresslevel", "blocksize", "checksum",
	"analyze_hll_non_part_table", "oids", "tablename",
};

static bool
is_greenplums(const struct work *w, size_t i)
{
	for (size_t k = 0; k < GPM_ARRAY_LEN(of_greenplum); k++)
		if (work_keyword(w, i, of_greenplum[k]))
			return true;
	return false;
}

/* Where the option at I ends: at its comma, or at the parenthesis that closes the list. */
static size_t
option_end(const struct work *w, size_t i, size_t close)
{
	while (i < close && !work_char(w, i, ','))
		i = work_after(w, i);
	return i < close ? i : close;
}

/* The value of an option whose name stands at I; 0 when it has none. */
static size_t
value_of(const struct work *w, size_t i, size_t end)
{
	return work_char(w, i + 1, '=') && i + 2 < end ? i + 2 : 0;
}

static void
add_listed(const struct work *w, size_t from, size_t to, struct buf *b)
{
	if (b->len > 0)
		text_puts(b, ", ");
	work_add_text(w, from, to, b);
}

void
storage_kept(const struct work *w, size_t open, struct buf *kept, struct buf *left_out)
{
	size_t close = work_after(w, open) - 1, end;

	for (size_t i = open + 1; i < close; i = end + 1) {
		end = option_end(w, i, close);
		if (!is_greenplums(w, i))
			add_listed(w, i, end, kept);
		else if (!work_keyword(w, i, "tablename"))
			add_listed(w, i, end, left_out);
	}
}

/* oids=true is a column that is lost, not only a way to store. */
static void
note_oids(struct work *w, size_t open)
{
	size_t close = work_after(w, open) - 1, end, value;

	for (size_t i = open + 1; i < close; i = end + 1) {
		struct sql_token t;

		end = option_end(w, i, close);
		if (!work_keyword(w, i, "oids"))
			continue;
		value = value_of(w, i, end);
		t = work_token(w, value);
		if (value == 0 || sqllex_text(&t, "true") || sqllex_text(&t, "on"))
			work_note(w, ADAPT_CHANGED, "oids", "it is made without OIDs: the column oid does not come along");
	}
}

/* WITH (…) at AT, on PostgreSQL.  A table that has partitions takes none there. */
void
storage_leave_out(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	struct buf kept, left_out;

	text_init(&kept);
	text_init(&left_out);
	storage_kept(w, at + 1, &kept, &left_out);
	note_oids(w, at + 1);
	if (w->declared || kept.len == 0) {
		work_replace(w, at, end, "");
	} else if (left_out.len > 0) {
		char *text = mem_printf("WITH (%s)", text_str(&kept));

		work_replace(w, at, end, text);
		free(text);
	}
	if (left_out.len > 0)
		work_note(w, ADAPT_CHANGED, rule->name, "%s", rule->text);
	buf_release(&kept);
	buf_release(&left_out);
}

/* --- Greenplum 7 ----------------------------------------------------------------------------- */

/* Take the option OIDS out; its comma goes with it. */
static void
cut_oids(struct work *w, size_t open)
{
	size_t close = work_after(w, open) - 1, end;

	for (size_t i = open + 1; i < close; i = end + 1) {
		end = option_end(w, i, close);
		if (!work_keyword(w, i, "oids"))
			continue;
		if (i == open + 1 && end == close)
			work_replace(w, open - 1, close + 1, "");
		else if (end < close)
			work_replace(w, i, end + 1, "");
		else
			work_replace(w, i - 1, end, "");
	}
}

static void
renew_options(struct work *w, size_t open)
{
	size_t close = work_after(w, open) - 1, end, level = 0;
	bool zstd = false;

	for (size_t i = open + 1; i < close; i = end + 1) {
		size_t value;
		struct sql_token t;

		end = option_end(w, i, close);
		value = value_of(w, i, end);
		t = work_token(w, value);
		if (value == 0)
			continue;
		if (work_keyword(w, i, "compresstype") && sqllex_text(&t, "quicklz")) {
			work_replace(w, value, value + 1, "zstd");
			work_note(w, ADAPT_CHANGED, "quicklz", "compresstype quicklz is not there any more: zstd in its place");
			zstd = true;
		} else if (work_keyword(w, i, "compresstype")) {
			zstd = sqllex_text(&t, "zstd");
		} else if (work_keyword(w, i, "compresslevel") && (sqllex_text(&t, "0"))) {
			level = value;
		}
	}
	if (zstd && level > 0) {
		work_replace(w, level, level + 1, "1");
		work_note(w, ADAPT_CHANGED, "zstd-level", "compresslevel 0 is refused with zstd: 1 in its place");
	}
}

/* Every list of options of CREATE TABLE, those of columns and partitions too. */
void
storage_renew(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	(void)rule; /* each change has its own text */
	(void)at;
	for (size_t i = end; i < w->n; i++) {
		if (work_match(w, i, "with ()") > 0) {
			note_oids(w, i + 1);
			cut_oids(w, i + 1);
			renew_options(w, i + 1);
		} else if (work_match(w, i, "encoding ()") > 0) {
			renew_options(w, i + 1);
		}
	}
}
