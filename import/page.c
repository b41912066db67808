/* page.c -- a report as one HTML page, for screen, phone and paper.
 *
 * No script, no font, no picture from elsewhere. */
#include "prelude.h"

#include <inttypes.h>
#include <time.h>

#include "account.h"
#include "parse.h"

static const char style[] =
    ":root{--ink:#1d2433;--soft:#667085;--line:#e3e7ee;--card:#fff;--ground:#f5f7fa;--good:#0f7b4f;--bad:#b42318;--bar:#7aa7e0}"
    "@media (prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#9aa4b5;--line:#2c3444;--card:#171c26;--ground:#0f131a;"
    "--good:#3ccb8c;--bad:#ff7a6b;--bar:#3f6fae}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
    "main{max-width:70rem;margin:0 auto;padding:1.5rem 1rem 4rem}"
    "h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.1rem;margin:2.2rem 0 .6rem}"
    ".verdict{border-left:.5rem solid var(--good);background:var(--card);padding:1rem 1.2rem;border-radius:.4rem}"
    ".verdict.bad{border-color:var(--bad)}.verdict h1{color:var(--good)}.verdict.bad h1{color:var(--bad)}"
    ".soft{color:var(--soft)}p{margin:.3rem 0}"
    ".facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.7rem;margin:1rem 0}"
    ".facts div{background:var(--card);border-radius:.4rem;padding:.6rem .8rem}"
    ".facts b{display:block;font-size:1.15rem;font-variant-numeric:tabular-nums}"
    ".charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1rem}"
    "figure{margin:0;background:var(--card);border-radius:.4rem;padding:.8rem}"
    "figcaption{font-size:.85rem;color:var(--soft)}svg{width:100%;height:auto;display:block}"
    "svg text{fill:var(--soft);font-size:11px}svg .axis{stroke:var(--line)}svg .curve{fill:none;stroke:var(--bar);stroke-width:2}"
    "svg .area{fill:var(--bar);opacity:.2}"
    "table{width:100%;border-collapse:collapse;background:var(--card);border-radius:.4rem}"
    "th,td{text-align:left;padding:.35rem .6rem;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}"
    "th{font-size:.8rem;color:var(--soft);font-weight:600;border-top:0}"
    ".n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}"
    ".bar{height:.4rem;border-radius:.2rem;background:var(--bar);min-width:1px;margin-top:.25rem}"
    ".good{color:var(--good)}.bad{color:var(--bad)}code{font-size:.85em;overflow-wrap:anywhere}"
    "@media (max-width:40rem){.wide{display:none}th,td{padding:.35rem .4rem}body{font-size:14px}}"
    "@media print{body{background:#fff;font-size:10pt}main{max-width:none;padding:0}h2{break-after:avoid}tr,figure{break-inside:avoid}"
    ".verdict,.facts div,figure{border:1px solid var(--line)}.wide{display:table-cell}"
    ".bar,svg .area,svg .curve{-webkit-print-color-adjust:exact;print-color-adjust:exact}}";

/* --- text ------------------------------------------------------------------------------------ */

/* How long the UTF-8 sequence at S is, 0 when it is none that a page may hold (RFC 3629; no control characters). */
static size_t
sequence(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xC2 && s[0] < 0xE0 ? 2 : s[0] >= 0xE0 && s[0] < 0xF0 ? 3 : s[0] >= 0xF0 && s[0] < 0xF5 ? 4 : 0;

	if (n == 1)
		return s[0] < 0x20 || s[0] == 0x7F ? 0 : 1;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] >= 0xA0) || (s[0] == 0xF0 && s[1] < 0x90) ||
	    (s[0] == 0xF4 && s[1] >= 0x90) || (s[0] == 0xC2 && s[1] < 0xA0))
		return 0;
	return n;
}

/* Text of anybody: names, errors, versions. */
static void
put(struct buf *b, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s != '\0') {
		size_t n = sequence(s);

		if (n == 0)
			text_printf(b, "\\x%02x", *s++);
		else if (n == 1 && strchr("&<>\"'", *s) != NULL)
			text_printf(b, "&#%d;", *s++);
		else {
			text_add(b, s, n);
			s += n;
		}
	}
}

static void
put_count(struct buf *b, uint64_t n)
{
	char text[FORMAT_SIZE_LEN];

	text_puts(b, format_count(n, text));
}

static void
put_size(struct buf *b, uint64_t n)
{
	char text[FORMAT_SIZE_LEN];

	text_puts(b, format_size(n, text));
}

static void
put_time(struct buf *b, uint64_t second)
{
	time_t t = (time_t)second;
	char text[32];
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) > 0)
		text_printf(b, "%s UTC", text);
}

/* --- the parts ------------------------------------------------------------------------------- */

static void
put_head(struct buf *b, const struct account *a)
{
	const struct rec_run *h = &a->run->header;

	text_puts(b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
	    "<meta name=\"color-scheme\" content=\"light dark\"><title>");
	put(b, h->database);
	text_printf(b, ": %s</title><style>%s</style></head><body><main>\n", a->good ? "verified" : "NOT verified", style);
	text_printf(b, "<section class=\"verdict%s\"><h1>%s</h1><p>", a->good ? "" : " bad", a->good ? "Verified" : "Not verified");
	put(b, a->verdict);
	text_puts(b, "</p><p class=\"soft\">Database ");
	put(b, h->database);
	text_puts(b, " as it was at ");
	put(b, h->server_time);
	text_puts(b, ", now in ");
	put(b, a->database);
	text_puts(b, "; looked at on ");
	put(b, a->made);
	text_puts(b, "</p></section>\n");
}

static void
put_fact(struct buf *b, const char *label)
{
	text_printf(b, "</b><span class=\"soft\">%s</span></div>", label);
}

static void
put_facts(struct buf *b, const struct account *a)
{
	uint64_t rows = 0, objects = 0;

	for (size_t i = 0; i < a->ntables; i++) {
		rows += a->tables[i].rows;
		objects += a->tables[i].chunks;
	}
	text_puts(b, "<div class=\"facts\"><div><b>");
	put_count(b, a->ntables);
	put_fact(b, "tables");
	text_puts(b, "<div><b>");
	put_count(b, rows);
	put_fact(b, "rows");
	text_puts(b, "<div><b>");
	put_size(b, a->plain_bytes);
	put_fact(b, "of rows");
	text_puts(b, "<div><b>");
	put_size(b, a->stored_bytes);
	put_fact(b, "in the bucket");
	text_puts(b, "<div><b>");
	put_count(b, objects);
	put_fact(b, "objects");
	text_puts(b, "<div><b>");
	put(b, a->level);
	put_fact(b, "compared by");
	text_puts(b, "</div>\n");
}

/* A curve of sums over time, with its average speed. */
static void
put_chart(struct buf *b, const char *title, const struct account_points *p, void (*unit)(struct buf *, uint64_t))
{
	const double left = 4, right = 316, top = 10, bottom = 120;
	uint64_t first, seconds, sum;

	if (p->len < 2 || p->at[p->len - 1].sum == 0)
		return;
	first = p->at[0].second;
	seconds = p->at[p->len - 1].second - first;
	sum = p->at[p->len - 1].sum;
	text_printf(b, "<figure><svg viewBox=\"0 0 320 140\" role=\"img\" aria-label=\"%s\"><path class=\"axis\" d=\"M4 120.5H316\"/><path class=\"curve\" d=\"",
	    title);
	for (int area = 0; area < 2; area++) {
		if (area)
			text_printf(b, "\"/><path class=\"area\" d=\"M%g %g", left, bottom);
		for (size_t i = 0; i < p->len; i++) {
			double x = seconds == 0 ? (double)i / (double)(p->len - 1) : (double)(p->at[i].second - first) / (double)seconds;
			double y = (double)p->at[i].sum / (double)sum;

			text_printf(b, "%c%.1f %.1f", i == 0 && !area ? 'M' : 'L', left + x * (right - left), bottom - y * (bottom - top));
		}
	}
	text_printf(b, "L%g %gZ\"/><text x=\"4\" y=\"135\">", right, bottom);
	put_time(b, first);
	text_puts(b, "</text><text x=\"316\" y=\"135\" text-anchor=\"end\">");
	text_printf(b, "+ %" PRIu64 ":%02" PRIu64 ":%02" PRIu64, seconds / 3600, seconds / 60 % 60, seconds % 60);
	text_printf(b, "</text></svg><figcaption>%s: ", title);
	unit(b, sum);
	if (seconds > 0) {
		text_puts(b, ", ");
		unit(b, sum / seconds);
		text_puts(b, " a second");
	}
	text_puts(b, "</figcaption></figure>\n");
}

static void
put_charts(struct buf *b, const struct account *a)
{
	text_puts(b, "<h2>Time</h2><div class=\"charts\">\n");
	put_chart(b, "Bytes out of the source", &a->exported, put_size);
	put_chart(b, "Rows into the destination", &a->loaded, put_count);
	text_puts(b, "</div>\n");
}

static void
put_table(struct buf *b, const struct account_table *t, uint64_t largest)
{
	text_puts(b, "<tr><td>");
	put(b, t->schema);
	text_puts(b, ".");
	put(b, t->name);
	text_printf(b, "<div class=\"bar\" style=\"width:%.1f%%\"></div></td><td class=\"n\">", largest > 0 ?
	    100.0 * (double)t->plain_bytes / (double)largest : 0);
	put_count(b, t->rows);
	text_puts(b, "</td><td class=\"n\">");
	put_size(b, t->plain_bytes);
	text_puts(b, "</td><td class=\"n wide\">");
	put_size(b, t->stored_bytes);
	text_puts(b, "</td><td class=\"n wide\">");
	put_count(b, t->chunks);
	text_printf(b, "</td><td class=\"%s\">", t->good ? "good" : "bad");
	put(b, t->state);
	if (t->trouble != NULL) {
		text_puts(b, "<br><span class=\"soft\">");
		put(b, t->trouble);
		text_puts(b, "</span>");
	}
	text_puts(b, "</td></tr>\n");
}

static void
put_tables(struct buf *b, const struct account *a)
{
	uint64_t largest = 0;

	for (size_t i = 0; i < a->ntables; i++)
		if (a->tables[i].plain_bytes > largest)
			largest = a->tables[i].plain_bytes;
	text_puts(b, "<h2>Tables</h2><table><thead><tr><th>table</th><th class=\"n\">rows</th><th class=\"n\">bytes</th>"
	    "<th class=\"n wide\">stored</th><th class=\"n wide\">objects</th><th>state</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < a->ntables; i++)
		put_table(b, &a->tables[i], largest);
	text_puts(b, "</tbody></table>\n");
}

static void
put_cells(struct buf *b, const struct account_check *c)
{
	for (size_t i = 0; i < c->ncells; i++) {
		const struct account_cell *x = &c->cells[i];

		text_printf(b, "<tr><td class=\"soft\">row %" PRIu64 ", ", x->row);
		put(b, x->column);
		text_puts(b, "</td><td class=\"n\">");
		put(b, x->source != NULL ? x->source : "NULL");
		text_puts(b, "</td><td class=\"n\">");
		put(b, x->here != NULL ? x->here : "NULL");
		text_puts(b, "</td><td></td></tr>\n");
	}
}

static void
put_check(struct buf *b, const struct account_check *c)
{
	text_puts(b, "<tr><td>");
	put(b, c->name);
	if (c->tolerance != NULL) {
		text_puts(b, " <span class=\"soft\">within ");
		put(b, c->tolerance);
		text_puts(b, "</span>");
	}
	text_puts(b, c->ncells > 0 ? "</td><td class=\"n soft\">source</td><td class=\"n soft\">here</td>" : "</td><td></td><td></td>");
	text_printf(b, "<td class=\"%s\">", c->good ? "good" : "bad");
	put(b, c->good ? "the same" : c->trouble != NULL ? c->trouble : "differs");
	if (c->differing > 0)
		text_printf(b, " in %" PRIu64 " of %" PRIu64 " rows", c->differing, c->rows);
	text_puts(b, "</td></tr>\n");
	put_cells(b, c);
}

static void
put_checks(struct buf *b, const struct account *a)
{
	if (a->nchecks == 0)
		return;
	text_puts(b, "<h2>Business checks</h2><table><tbody>\n");
	for (size_t i = 0; i < a->nchecks; i++)
		put_check(b, &a->checks[i]);
	text_puts(b, "</tbody></table>\n");
}

static void
put_failures(struct buf *b, const struct account *a)
{
	if (a->nfailures == 0)
		return;
	text_puts(b, "<h2>Schema statements that failed</h2><table><tbody>\n");
	for (size_t i = 0; i < a->nfailures; i++) {
		text_puts(b, "<tr><td>");
		put(b, a->failures[i]);
		text_puts(b, "</td></tr>\n");
	}
	text_puts(b, "</tbody></table>\n");
}

static void
put_over(struct buf *b, const struct account *a)
{
	if (a->nover == 0)
		return;
	text_puts(b, "<h2>Here, and not in this run</h2><table><thead><tr><th>table</th><th>loaded by run</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < a->nover; i++) {
		text_puts(b, "<tr><td>");
		put(b, a->over[i].schema);
		text_puts(b, ".");
		put(b, a->over[i].name);
		text_puts(b, "</td><td>");
		put(b, a->over[i].run);
		text_puts(b, "</td></tr>\n");
	}
	text_puts(b, "</tbody></table>\n");
}

static void
put_left(struct buf *b, const struct account *a)
{
	if (a->nleft == 0)
		return;
	text_puts(b, "<h2>Not carried</h2><table><thead><tr><th>relation</th><th>kind</th><th>why</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < a->nleft; i++) {
		text_puts(b, "<tr><td>");
		put(b, a->left[i].schema);
		text_puts(b, ".");
		put(b, a->left[i].name);
		text_puts(b, "</td><td>");
		put(b, a->left[i].kind != NULL ? a->left[i].kind : "");
		text_puts(b, "</td><td>");
		put(b, a->left[i].reason != NULL ? a->left[i].reason : "");
		text_puts(b, "</td></tr>\n");
	}
	text_puts(b, "</tbody></table>\n");
}

static void
put_line(struct buf *b, const char *label, const char *value)
{
	text_printf(b, "<tr><th>%s</th><td>", label);
	put(b, value);
	text_puts(b, "</td></tr>\n");
}

static void
put_evidence(struct buf *b, const struct account *a)
{
	const struct rec_run *h = &a->run->header;
	const char *key;
	json_t *value;
	char sha[65];

	text_puts(b, "<h2>Evidence</h2><table><tbody>\n");
	put_line(b, "run", a->run->id);
	put_line(b, "bucket", a->from);
	put_line(b, "SHA-256 of manifest.jsonl", format_hex(manifest_hash(a->run->root)->sha256, 32, sha));
	put_line(b, "row digest", h->digest);
	put_line(b, "source", h->server_version);
	put_line(b, "its database", h->database);
	put_line(b, "destination", a->server);
	put_line(b, "its database", a->database);
	put_line(b, "stored as", a->run->push.compression);
	put_line(b, "steps done here", a->steps != NULL ? a->steps : "no ledger: loaded by other means, or not at all");
	text_puts(b, "<tr><th>settings of the export</th><td>");
	json_object_foreach(h->settings, key, value) {
		put(b, key);
		text_puts(b, " = ");
		put(b, json_is_string(value) ? json_string_value(value) : "");
		text_puts(b, "<br>");
	}
	text_puts(b, "</td></tr></tbody></table>\n"
	    "<p class=\"soft\">Each object's SHA-256 stands in its table's manifest, those of the manifests and of all other files in SHA256SUMS and "
	    "manifest.jsonl: <code>sha256sum -c SHA256SUMS</code> checks them without gpm.</p>\n");
}

void
account_page(const struct account *a, struct buf *out)
{
	put_head(out, a);
	put_facts(out, a);
	put_charts(out, a);
	put_checks(out, a);
	put_tables(out, a);
	put_failures(out, a);
	put_over(out, a);
	put_left(out, a);
	put_evidence(out, a);
	text_printf(out, "<p class=\"soft\">gpm-import %s</p></main></body></html>\n", PACKAGE_VERSION);
}
