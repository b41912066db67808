#!/usr/bin/env bash
# Goal of this test: every exit status, with a message that says what, why and what to do next.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

exits 2 "no spool given" gpm-export -d shop
has "it says which option" "$TEST_DIR/err" "--spool"
exits 2 "an unknown option" gpm-push --sploo x
exits 2 "no command" gpm-import --from "file://$bucket"
exits 2 "an unknown command" gpm-import lode --from "file://$bucket"
exits 2 "a URL of no known kind" gpm-import list --from ftp://x/y
exits 2 "a bad number" gpm-push --spool "$spool" --to "file://$bucket" -j 0
exits 2 "a bad compression" gpm-push --spool "$TEST_DIR" --to "file://$bucket" --compress lzma:3 --run 20261120T231816Z-9f3a1c
exits 0 "help" gpm-import --help
exits 1 "a bucket that is not there" gpm-import list --from "file://$TEST_DIR/nowhere"
has "with a hint" "$TEST_DIR/err" "hint:"
exits 1 "a spool that is not there" gpm-push --spool "$TEST_DIR/nowhere" --to "file://$bucket"
exits 1 "no sealed run" gpm-import load --from "file://$bucket" -d x
has "it says so" "$TEST_DIR/err" "no sealed run"

exits 5 "no server" gpm-export -h 127.0.0.1 -p 1 -d shop --spool "$spool"
pg_up src
pg_up dst
exits 1 "no such database" gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d nothing --spool "$spool"
fill_shop src 4000
fresh_warehouse

q src shop "create role reader login; grant usage on schema sales, \"Odd \"\"Schema\"\"\" to reader;
	grant select on all tables in schema sales, \"Odd \"\"Schema\"\"\" to reader; revoke select on sales.odd from reader"
exits 1 "a table that may not be read" gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U reader -d shop --spool "$spool"
has "it is named" "$TEST_DIR/err" "sales.odd"
rm -rf "$spool"

# a table that fails at the source: the rest is done, and every tool says so
q src shop "create table sales.broken (a int); insert into sales.broken values (1);
	create function sales.fail(int) returns int language plpgsql immutable as 'begin raise exception ''no''; end';
	alter table sales.broken enable row level security; alter table sales.broken force row level security;
	create role limited login; grant select on all tables in schema sales, \"Odd \"\"Schema\"\"\" to limited;
	grant usage on schema sales, \"Odd \"\"Schema\"\"\" to limited; grant select on all sequences in schema sales to limited"
exits 3 "rows that policies would hide" gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U limited -d shop --spool "$spool" --chunk-size 64KB
has "the table is named" "$TEST_DIR/err" "sales.broken"
exits 0 "push stores the rest" push_shop
exits 3 "load loads the rest" load_shop
has "and names what is missing" "$TEST_DIR/out" "NOT EXPORTED"
has "with the reason" "$TEST_DIR/err" "row-level security"
same_shop "the rest is the same"
q src shop "drop table sales.broken"
rm -rf "$spool" "$bucket"
mkdir "$bucket"

# a run that is not complete
ok "export" export_shop -q
cp -a "$spool" "$TEST_DIR/whole"
sed -i '$d' "$spool"/*/export.jsonl
exits 5 "push of an unfinished export" push_shop
has "it says what to do" "$TEST_DIR/err" "gpm-export has not finished"
is "what is stored is freed in the spool" "$(find "$spool" -name '*.csv')" ""
exits 1 "nothing is loaded of it" load_shop
exits 0 "list shows it as open" gpm-import list --from "file://$bucket"
has "open" "$TEST_DIR/out" "open "
ok "the export goes on" export_shop -q
ok "and the push" push_shop -q

# rows that are there already
fresh_warehouse
q dst warehouse "create schema sales; create table sales.empty (a int, b text); insert into sales.empty values (1, 'here')"
exits 3 "a table that holds rows is refused" load_shop
has "by name" "$TEST_DIR/err" "sales.empty: holds 1 rows"
is "and left alone" "$(q dst warehouse "select * from sales.empty")" "1|here"
exits 3 "--append allows it (the schema statements that failed are told)" load_shop --append --run "$(basename "$(run_dir)")"
has "verified with what was there" "$TEST_DIR/out" "sales.empty"
hasnt "nothing is missing" "$TEST_DIR/out" "NOT"
q dst warehouse "delete from sales.floats where b = 'Infinity'"
exits 4 "a row that was lost at the destination" load_shop
has "the table is named" "$TEST_DIR/err" "sales.floats: 1001 rows are here, 1002 should be"

# two instances
fresh_warehouse
mkfifo "$TEST_DIR/gate"
flock "$(echo "$spool"/2*/push.lock)" cat "$TEST_DIR/gate" &
exits 6 "two pushes of one run" push_shop
echo >"$TEST_DIR/gate"
wait $!
# a table that failed first: what comes after the rows waits for it
rm -rf "$spool" "${bucket:?}"/*
fresh_warehouse
ok "export" export_shop -q
ok "push" push_shop -q --keep
q dst warehouse "create schema sales; create table sales.lines (id bigint primary key, qty int, price numeric(12,2), sku text, note text);
	insert into sales.lines values (-1)"
exits 3 "a table is refused" load_shop -q
is "no materialized view is filled without it" "$(q dst warehouse "select relispopulated from pg_class where relname = 'totals'")" f
q dst warehouse "truncate sales.lines"
exits 3 "then it is loaded (the schema statements that failed are told)" load_shop -q
is "and the view over it is filled" "$(q dst warehouse "select sum(qty) from sales.totals")" "$(q src shop "select sum(qty) from sales.totals")"
same_shop "the same rows"

# a sealed run and another place
mkdir "$TEST_DIR/elsewhere"
run=$(basename "$(run_dir)")
exits 0 "a sealed run is none of another place's business" gpm-push --spool "$spool" --to "file://$TEST_DIR/elsewhere"
ok "its rows stay in the spool" sh -c "find '$spool' -name '*.csv' | grep -q ."
exits 1 "named, it is an error" gpm-push --spool "$spool" --to "file://$TEST_DIR/elsewhere" --run "$run"
has "that says where it is" "$TEST_DIR/err" "file://$bucket"

# settings under which damaged rows vanish
q src postgres "alter database shop set zero_damaged_pages = on"
q src shop "create role plain login; grant usage on schema sales, \"Odd \"\"Schema\"\"\" to plain;
	grant select on all tables in schema sales, \"Odd \"\"Schema\"\"\" to plain"
exits 1 "zero_damaged_pages that cannot be turned off" gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U plain -d shop --spool "$TEST_DIR/other"
has "is named" "$TEST_DIR/err" "zero_damaged_pages is on"
exits 0 "a superuser turns it off" export_shop -q --new-run
q src postgres "alter database shop reset zero_damaged_pages"
rm -rf "$spool" "${bucket:?}"/*
fresh_warehouse
ok "export" export_shop -q
ok "push" push_shop -q

# the ledger of an earlier import is not carried on
ok "load" load_shop -q
exits 0 "a warehouse that was loaded is exported again" gpm-export -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse --spool "$TEST_DIR/again"
has "without the ledger" "$TEST_DIR/err" "gpm.ledger is passed over"
hasnt "which is in no schema file" "$(echo "$TEST_DIR"/again/2*/schema/pre-data.sql)" '"gpm"'

# runs of two databases in one bucket
q src postgres "create database second"
q src second "create table t (a int); insert into t values (1)"
ok "export a second database" gpm-export -q -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d second --spool "$spool"
ok "push it to the same place" push_shop -q
exits 2 "load does not guess" load_shop
has "it names both" "$TEST_DIR/err" "second"
ok "--run says which" load_shop -q --run "$(basename "$(find "$bucket" -maxdepth 1 -name '2*' | sort | tail -n 1)")"
is "the right one" "$(q dst warehouse "select * from t")" 1
done_testing
