#!/usr/bin/env bash
# Goal of this test: queries that are run at the source in the run's snapshot and again at the destination: what differs by more than the
# tolerance is shown, value by value, and nothing else is.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/tamper.sh"

here() { gpm-import "$1" --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse "${@:2}"; }

cat >"$TEST_DIR/checks.sql" <<'EOF2'
-- What the accountants look at.

-- name: revenue
-- tolerance: 0.01
SELECT id % 3 AS kind, sum(qty * price) AS revenue   -- a comment
  FROM sales.lines
 GROUP BY 1 ORDER BY 1;

-- name: average ünï
-- tolerance: 1%
SELECT avg(a), count(*), 'x;
y' AS text FROM sales.floats WHERE a < 1e6;
-- name: moods
select m, b, a from sales.odd order by a limit 20
-- name: nothing
SELECT 1 AS one WHERE false;
EOF2

pg_up src
pg_up dst
fill_shop src 5000
fresh_warehouse
for bad in "select 1|SQL before the first" "-- name:
select 1|a check has no name" "-- name: a
-- name: b
select 1|check 'a' has no query" "-- name: a
select 1;
-- name: a
select 2|there is another check 'a'" "-- name: a
-- tolerance: much
select 1|tolerance 'much'" "-- hello|there is no check in it"; do
	printf '%s\n' "${bad%|*}" >"$TEST_DIR/bad.sql"
	exits 2 "a file that is wrong" export_shop --checks "$TEST_DIR/bad.sql"
	has "is told how: ${bad#*|}" "$TEST_DIR/err" "${bad#*|}"
done
for bad in "select nothing|column \"nothing\" does not exist" "insert into sales.empty values (1) returning a|read-only transaction" \
	"set datestyle = 'ISO'|gives no rows" "select generate_series(1, 10001)|gives more than 10000 rows" "select generate_series(1, 2000000000)|gives more than 10000 rows" \
	"select repeat('x', 1000000) from generate_series(1, 20)|gives more than 16.0 MB" "copy sales.lines to stdout|COPY gives no rows" \
	"select 1; select 2|cannot insert multiple commands"; do
	printf -- '-- name: odd\n%s;\n' "${bad%|*}" >"$TEST_DIR/bad.sql"
	exits 1 "a query that fails ends the export" export_shop --checks "$TEST_DIR/bad.sql" --new-run
	has "it is named: ${bad#*|}" "$TEST_DIR/err" "check 'odd'"
	has "with the reason" "$TEST_DIR/err" "${bad#*|}"
done
rm -rf "$spool"
cat >"$TEST_DIR/setting.sql" <<'END'
-- name: a setting
select set_config('datestyle', 'German', false)
-- name: a date
select '2024-02-01'::date
END
exits 0 "a check that changes a setting" export_shop --checks "$TEST_DIR/setting.sql" -t sales.empty
is "leaves nothing behind" "$(jq -c '[.checks[].rows[0][0]]' "$spool"/*/schema/checks.json)" '["German, DMY","2024-02-01"]'
rm -rf "$spool"
exits 1 "a file that is not there" export_shop --checks "$TEST_DIR/none.sql"
exits 2 "no one moment" export_shop --checks "$TEST_DIR/checks.sql" --snapshot table
exits 2 "all databases" gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U postgres --all-databases --checks "$TEST_DIR/checks.sql" --spool "$spool"
exits 0 "export without" export_shop -t sales.empty
exits 0 "push" push_shop
exits 2 "a run without them" here check --business
has "is told so" "$TEST_DIR/err" "holds no business checks"
untouched() { is "$1" "$(q dst warehouse "select count(*) from pg_namespace where nspname in ('gpm', 'sales')")" 0; }
exits 2 "nor is it loaded for them" load_shop --business
untouched "it was seen before anything was made"
rm -rf "$spool" "${bucket:?}"/*
make_gate "$pg_bin"
stand_at_gate pg_dumpall gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d shop --spool "$spool" --chunk-size 64KB \
	--checks "$TEST_DIR/checks.sql" --client-bin "$TEST_DIR/bin"
is "an export has its snapshot, and has not run the checks" $? 0
q src shop "update sales.lines set price = price + 1" # nothing of the run's
rm "$TEST_DIR/gate"
wait "$exporter"
is "it ends" $? 0
exits 0 "push" push_shop
is "the results are in the run" "$(zstd -dc "$(run_dir)schema/checks.json.zst" | jq -c '[.checks[] | .name, (.rows | length)]')" \
	'["revenue",3,"average ünï",1,"moods",20,"nothing",0]'
has "named by their hash" "$(run_dir)SHA256SUMS" "  schema/checks.json.zst"
exits 1 "checks that are not there" load_shop --checks "$TEST_DIR/none.sql"
untouched "are missed before anything is made"
printf -- '-- hello\n' >"$TEST_DIR/bad.sql"
exits 2 "checks that are none" load_shop --checks "$TEST_DIR/bad.sql"
untouched "too"
printf -- '-- name: unknown\nselect 1\n' >"$TEST_DIR/bad.sql"
exits 2 "one that the run has not" load_shop --checks "$TEST_DIR/bad.sql"
has "is named" "$TEST_DIR/err" "the run has no result of check 'unknown'"
untouched "before anything is made"
cp "$(run_dir)schema/checks.json.zst" "$TEST_DIR/checks.zst"
flip_byte "$(run_dir)schema/checks.json.zst" 20
exits 4 "results that were changed" load_shop --business
untouched "are seen before anything is made"
cp "$TEST_DIR/checks.zst" "$(run_dir)schema/checks.json.zst"
exits 0 "load" load_shop --business --html "$TEST_DIR/page.html"
has "a check" "$TEST_DIR/out" "check revenue                                                   3  the same"
has "all of them, on the page" "$TEST_DIR/page.html" "4 business checks give the same"
q dst warehouse "update sales.lines set price = price + 0.01 where id = 1"
exits 0 "a little" here check --business
has "does not matter" "$TEST_DIR/out" "verified: 8 tables"
q dst warehouse "update sales.lines set price = price + 0.02 where id = 1; update sales.odd set b = null where a = 7; update sales.floats set a = a * 1.001 where a < 1e6"
exits 4 "more does" here check --business
has "the check is named" "$TEST_DIR/err" "business: check 'revenue': 1 of 3 rows differ"
is "the value is shown" "$(grep -A 3 '^check revenue' "$TEST_DIR/out" | awk 'NR == 3 { print $1, $2, ($4 - $3 > 0.02) }')" "2 revenue 1"
ok "a missing text is too" grep -qE "^ +7  b +ünï7 +NULL$" "$TEST_DIR/out"
is "a per mille of one percent is not" "$(grep -c '^check average ünï .* the same$' "$TEST_DIR/out")" 1
has "it is no verified run" "$TEST_DIR/err" "not everything is verified: 2 troubles"
hasnt "and not called so" "$TEST_DIR/out" "is verified"
exits 4 "a report" here report --business --format json --html "$TEST_DIR/page.html"
is "has it for programs" "$(jq -c '[.verified, (.business_checks[] | .good, .rows_differing)]' "$TEST_DIR/out")" "[false,false,1,true,0,false,1,true,0]"
is "value by value" "$(jq -r '.business_checks[2].differences[0] | [.row, .column, .source, .here] | tostring' "$TEST_DIR/out")" '[7,"b","ünï7",null]'
has "and for people" "$TEST_DIR/page.html" "2 of 4 business checks differ"
q dst warehouse "delete from sales.odd where a > 18"
exits 4 "rows that are not there" here check --business
has "are shown" "$TEST_DIR/out" "(no row)"
q dst warehouse "alter table sales.odd rename to odd2"
exits 4 "a query that fails here" here check --business
has "is told, and the others go on" "$TEST_DIR/out" "check nothing                                                   0  the same"
q dst warehouse "alter table sales.odd2 rename to odd"

# another query in its place, where the destination needs another one
printf -- '-- name: revenue\nselect 1, 2\n' >"$TEST_DIR/other.sql"
exits 4 "with another query" here check --checks "$TEST_DIR/other.sql"
has "it is that which is run" "$TEST_DIR/err" "check 'revenue': 3 of 3 rows differ"
printf -- '-- name: unknown\nselect 1\n' >"$TEST_DIR/other.sql"
exits 2 "one that the run has not" here check --checks "$TEST_DIR/other.sql"
printf -- '-- name: revenue\ndrop table sales.lines\n' >"$TEST_DIR/other.sql"
exits 4 "one that writes" here check --checks "$TEST_DIR/other.sql"
has "cannot" "$TEST_DIR/err" "read-only transaction"
done_testing
