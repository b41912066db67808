#!/usr/bin/env bash
# Goal of this test: gpm-import report says what the verdict says, as text, JSON and a page that is whole, needs nothing
# from elsewhere and is harmless whatever tables are called.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

report_shop() {
	gpm-import report --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse --html "$TEST_DIR/page.html" "$@"
}

# The page: its elements are closed, nothing is loaded from elsewhere, no script; prints its text.
cat >"$TEST_DIR/page.py" <<'EOF2'
import html.parser, sys
class Page(html.parser.HTMLParser):
    void = {"meta", "br", "path"}
    def __init__(self):
        super().__init__(); self.open, self.texts, self.bad = [], [], []
    def handle_starttag(self, tag, attrs):
        if tag not in self.void: self.open.append(tag)
        if tag in ("script", "link", "img", "iframe", "object", "b1"): self.bad.append(tag)
        self.bad += [f"{tag} {k}={v}" for k, v in attrs if k.startswith("on") or k in ("src", "href")]
    def handle_startendtag(self, tag, attrs): pass
    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag: self.bad.append("/" + tag)
    def handle_data(self, data): self.texts.append(data)
page = Page()
page.feed(open(sys.argv[1], encoding="utf-8").read())
page.close()
if page.bad or page.open: sys.exit(f"{page.bad} {page.open}")
print("\n".join(t for t in page.texts if t.strip()))
EOF2
page_text() {
	python3 "$TEST_DIR/page.py" "$TEST_DIR/page.html" >"$TEST_DIR/page.txt"
}

pg_up src
pg_up dst
fill_shop src
q src shop "create table sales.\"<script>alert(1)</script>\" (a int); create table sales.\"\"\" onload=x & 'y'\" (a int);
	create table sales.\"line
break\" (a int); insert into sales.\"<script>alert(1)</script>\" values (1);
	create extension file_fdw; create server nowhere foreign data wrapper file_fdw;
	create foreign table sales.elsewhere (a int) server nowhere options (filename '/dev/null')"
fresh_warehouse
exits 0 "export" export_shop
exits 0 "push" push_shop
exits 0 "load" load_shop

exits 0 "all is well" report_shop --verify content
has "it is said in text" "$TEST_DIR/out" "11 tables, "
has "and by what" "$TEST_DIR/out" "the same as at the source (compared by content)"
ok "the page is whole and harmless" page_text
has "the verdict" "$TEST_DIR/page.txt" "Verified"
has "a table" "$TEST_DIR/page.txt" "lines"
has "a name that is a script is a name" "$TEST_DIR/page.txt" "<script>alert(1)</script>"
has "a name with a newline is spelt" "$TEST_DIR/page.txt" 'line\x0abreak'
has "what was not carried" "$TEST_DIR/page.txt" "elsewhere"
has "the manifest's hash" "$TEST_DIR/page.txt" "$(sha256sum "$(run_dir)manifest.jsonl" | cut -d' ' -f1)"
is "a curve of the export and one of the load" "$(grep -c '<svg' "$TEST_DIR/page.html")" 2
is "mode 0600" "$(stat -c %a "$TEST_DIR/page.html")" 600
exits 0 "for programs" report_shop --format json
is "it is JSON, with all tables" "$(jq '[.verified, (.tables | length), ([.tables[].rows] | add)] | tostring' "$TEST_DIR/out")" \
	"\"[true,11,$(jq -s '[.[] | select(.rec == "manifest") | .rows] | add' "$(run_dir)manifest.jsonl")]\""
is "the curve ends with all rows" "$(jq '.curves.loaded_rows[-1][1] == ([.tables[].rows] | add)' "$TEST_DIR/out")" true
is "and with all bytes" "$(jq '.curves.exported_bytes[-1][1] == .plain_bytes' "$TEST_DIR/out")" true

q dst warehouse "delete from sales.lines where id = 15000"
exits 4 "a row is missing" report_shop
has "the table is named" "$TEST_DIR/out" "NOT VERIFIED"
ok "the page is written all the same" page_text
has "and says so" "$TEST_DIR/page.txt" "Not verified"
has "with the numbers" "$TEST_DIR/page.txt" "19999 rows are here, 20000 should be"
is "what is wrong comes first" "$(grep -n -m 1 -A 1 '^state$' "$TEST_DIR/page.txt" | tail -n 1 | cut -d- -f2)" "sales.lines"
exits 4 "for programs" report_shop --format json
is "by name" "$(jq -r '.tables[] | select(.good | not) | .name' "$TEST_DIR/out")" lines

exits 1 "a page that cannot be written" report_shop --html "$TEST_DIR/nowhere/page.html"
has "it is named" "$TEST_DIR/err" "nowhere/page.html"
q dst postgres "drop database warehouse"
q dst postgres "create database warehouse"
exits 3 "nothing was loaded" report_shop
ok "a page of that" page_text
has "says that there is no ledger" "$TEST_DIR/page.txt" "no ledger"
exits 2 "a format that there is not" report_shop --format xml

# schema statements that fail, until they do not
q src shop "create function sales.need() returns int language sql as 'select 1'; create view sales.needs as select * from sales.lines;
	comment on view sales.needs is 'x'"
exits 0 "export once more" export_shop --schema-only -n sales
exits 0 "push" push_shop
fresh_warehouse
q dst warehouse "create schema sales; create table sales.needs (a int)"
exits 3 "load" load_shop --schema-only
exits 0 "what failed" report_shop
has "is in the report" "$TEST_DIR/out" "failed  pre-data.sql, line "
has "named" "$TEST_DIR/out" 'view sales.needs: relation "needs" already exists'
has "and summed up" "$TEST_DIR/out" "; 5 schema statements failed"
ok "the page is whole" page_text
has "and has them" "$TEST_DIR/page.txt" 'view sales.needs: relation "needs" already exists'
exits 0 "for programs" report_shop --format json
is "too" "$(jq -r '.schema_failures | length' "$TEST_DIR/out")" 5
q dst warehouse "drop table sales.needs"
exits 3 "another start makes one of them" load_shop --schema-only
exits 0 "which" report_shop
hasnt "is not in the report any more" "$TEST_DIR/out" "sales.needs"
has "the other is" "$TEST_DIR/out" "schema sales: schema \"sales\" already exists"
done_testing
