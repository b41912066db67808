#!/usr/bin/env bash
# Goal of this test: -t -T -n -N as pg_dump has them, --schema-only, --data-only, large objects, triggers
# that are there before the rows, row-level security, and sources of other encodings.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

pg_up src
pg_up dst
fill_shop src 4000

# tables_of OPTION…: the tables of a new run with these options, one line
tables_of() {
	rm -rf "$spool" "${bucket:?}"/*
	export_shop -q --new-run "$@" 2>"$TEST_DIR/err" || { echo "status $?"; return; }
	push_shop -q || return
	run=$(basename "$(run_dir)")
	sed -n 's/^{"rec":"manifest".*"schema":"\(.*\)","name":"\(.*\)","key".*/\1.\2/p' "$bucket/$run/manifest.jsonl" |
		sort | tr '\n' ' '
}

is "-t takes one" "$(tables_of -t sales.lines)" "sales.lines "
is "-t with a star" "$(tables_of -t 'sales.o*')" "sales.odd sales.one_column sales.orders_2024 sales.orders_rest "
is "-t twice" "$(tables_of -t sales.odd -t sales.lines)" "sales.lines sales.odd "
is "-t folds, quotes do not" "$(tables_of -t 'SALES.Odd' -t '"Odd ""Schema"""."Table.with dots"')" \
	'Odd \"Schema\".Table.with dots sales.odd '
is "a partitioned table brings its partitions" "$(tables_of -t sales.orders)" "sales.orders_2024 sales.orders_rest "
is "and takes them out" "$(tables_of -n sales -T sales.orders -T 'sales.o??')" "sales.empty sales.floats sales.lines sales.one_column "
is "-n" "$(tables_of -n 'Odd*')" "status 1"
has "a pattern that matches nothing is named" "$TEST_DIR/err" "no schema matches 'Odd*'"
is "-n quoted" "$(tables_of -n '"Odd"*')" 'Odd \"Schema\".Table.with dots '
is "-N" "$(tables_of -N sales)" 'Odd \"Schema\".Table.with dots '
is "-t wins over -N" "$(tables_of -t sales.odd -N sales)" "sales.odd "
is "-t that matches nothing" "$(tables_of -t sales.lines -t sales.nothing)" "status 1"
has "is named" "$TEST_DIR/err" "no table matches 'sales.nothing'"
for option in -n -N; do
	is "$option with a dot matches no schema, and not all" "$(tables_of "$option" 'sales.*')" "status 2"
	has "is told" "$TEST_DIR/err" "'sales.*' has too many dots: it is to be a schema"
done
is "-T with a database" "$(tables_of -T shop.sales.odd)" "status 2"
has "is told" "$TEST_DIR/err" "'shop.sales.odd' has too many dots: it is to be TABLE or SCHEMA.TABLE"
q src shop "create table in_public (a int)"
is "a name alone is looked for in the search path" "$(tables_of -t in_public)" "public.in_public "
q src shop "drop table in_public"

# no tables at all
rm -rf "$bucket" "$spool"
mkdir "$bucket"
q src postgres "create database nothing"
fresh_warehouse
exits 0 "an empty database: export" gpm-export -q -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d nothing --spool "$spool"
exits 0 "an empty database: push" push_shop
has "gives a sealed run" "$TEST_DIR/err" "is sealed: 0 tables, 0 rows"
exits 0 "an empty database: verify" verify_shop --full
exits 0 "an empty database: load" load_shop --verify content
has "is verified" "$TEST_DIR/out" "is verified by content: 0 tables, 0 rows"

# what pg_dump takes along has a place for its rows
rm -rf "$bucket" "$spool"
mkdir "$bucket"
fresh_warehouse
q dst warehouse "create schema sales"
ok "export of a partitioned table" export_shop -q -t sales.orders -t sales.odd -t sales.lines
ok "push" push_shop -q
exits 3 "load: the type that -t did not take is told" load_shop -q
has "by its statement" "$TEST_DIR/err" "sales.mood"
is "the partitions are loaded" "$(q dst warehouse "select count(*) from sales.orders")" 900

# the schema weeks before, the rows on the night
rm -rf "$bucket" "$spool"
mkdir "$bucket"
fresh_warehouse
ok "--schema-only: export" export_shop -q --schema-only
ok "--schema-only: push" push_shop -q
exits 0 "--schema-only: load" load_shop -q --schema-only
is "tables, no rows" "$(q dst warehouse "select count(*) from sales.lines")" 0
is "indexes" "$(q dst warehouse "select count(*) from pg_indexes where schemaname = 'sales'")" \
	"$(q src shop "select count(*) from pg_indexes where schemaname = 'sales'")"
rm -rf "$bucket" "$spool"
mkdir "$bucket"
q dst warehouse "create function sales.no() returns trigger language plpgsql as 'begin raise exception ''fired''; end';
	create trigger no before insert on sales.lines for each row execute function sales.no()"
ok "--data-only: export" export_shop -q --data-only
ok "--data-only: push" push_shop -q
is "no schema is stored" "$(find "$bucket" -name '*.sql*')" ""
exits 0 "--data-only: load does not fire triggers" load_shop -q
same_shop "the same rows"
fresh_warehouse
q dst warehouse "create schema sales"
exits 3 "rows without their tables" load_shop -q
has "each is named" "$TEST_DIR/err" "sales.lines"
exits 2 "both at once" export_shop --schema-only --data-only

# a trigger that fires always
rm -rf "$bucket" "$spool"
mkdir "$bucket"
fresh_warehouse
ok "export" export_shop -q
ok "push" push_shop -q
ok "the schema alone" load_shop -q --schema-only
q dst warehouse "create function sales.no() returns trigger language plpgsql as 'begin return null; end';
	create trigger no before insert on sales.lines for each row execute function sales.no();
	alter table sales.lines enable always trigger no"
exits 3 "a table whose trigger would act on the rows is refused" load_shop -q
has "by name" "$TEST_DIR/err" "sales.lines: has 1 triggers"
is "no row is in it" "$(q dst warehouse "select count(*) from sales.lines")" 0
q dst warehouse "drop trigger no on sales.lines"
exits 0 "and loaded when the trigger is gone" load_shop -q
same_shop "the same rows"

# large objects
q src shop "select lo_from_bytea(0, 'x'), lo_from_bytea(0, 'y')" >/dev/null
exits 1 "large objects are not left behind unasked" export_shop -q --new-run
has "they are counted" "$TEST_DIR/err" "2 large objects"
exits 0 "--no-large-objects leaves them" export_shop -q --new-run --no-large-objects

# row-level security: never fewer rows without a word
q src shop "create role guard login; create role secret_owner login; create role passes login bypassrls;
	create schema secret authorization secret_owner; grant usage on schema secret to guard, passes; set role secret_owner;
	create table secret.t (a int); insert into secret.t values (1), (2), (3); create table secret.open (a int);
	insert into secret.open values (1); grant select on all tables in schema secret to guard, passes;
	alter table secret.t enable row level security; create policy hides on secret.t using (a > 1); reset role;
	create subscription sub connection 'host=nowhere.invalid' publication pub with (connect = false, slot_name = none, enabled = false)" 2>/dev/null
export_secret() {
	rm -rf "$spool"
	gpm-export -q -h "$(pg_host src)" -p "$(pg_port src)" -U "$1" -d shop --spool "$spool" -n secret --no-large-objects
}
exits 0 "policies do not concern the owner" export_secret secret_owner
q src shop "alter table secret.t force row level security"
for who in secret_owner guard; do
	exits 3 "policies that hide rows from $who" export_secret "$who"
	has "the table is named" "$TEST_DIR/err" "secret.t"
	has "with the reason" "$TEST_DIR/err" "row-level security"
	is "no row of it is in the spool, the other table is" "$(find "$spool" -name '*.csv' -printf '%h\n' | sed 's/.*-secret\.//; s,/.*,,')" open
done
exits 0 "a role that no policy concerns" export_secret passes
has "and is told what pg_dump leaves out" "$TEST_DIR/err" "warning: subscriptions not dumped"
is "has every row" "$(cat "$spool"/2*/data/*secret.t/a1/b0001/000001.csv | xargs)" "1 2 3"

# bytes of a SQL_ASCII source
rm -rf "$bucket" "$spool"
mkdir "$bucket"
q src postgres "create database ascii encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C' template template0"
printf '%s' "set client_encoding = 'SQL_ASCII'; create table t (a int, b text); insert into t values (1, E'caf\xe9'), (2, 'plain');
	create table \"tabl" $'\xe9' "\" (\"col" $'\xe9' "\" int); insert into \"tabl" $'\xe9' "\" values (7); create sequence \"seq" $'\xe9' "\" start 3;
	comment on table t is 'd" $'\xe9' "j" $'\xe0' "'; create materialized view mv as select '" $'\xe9' "'::text as a" >"$TEST_DIR/ascii.sql"
q src ascii "$(cat "$TEST_DIR/ascii.sql")"
ascii=(-h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d ascii --spool "$spool")
ok "SQL_ASCII: export" gpm-export -q "${ascii[@]}"
ok "SQL_ASCII: push" push_shop -q
fresh_warehouse
exits 3 "SQL_ASCII: bytes that are no UTF-8" load_shop -q
has "the table is named" "$TEST_DIR/err" "public.t:"
has "and the row" "$TEST_DIR/err" "COPY t, line 1"
has "and the statement" "$TEST_DIR/err" "'COMMENT ON TABLE \"public\".\"t\" IS '"
exits 0 "SQL_ASCII: --source-encoding says what they are" load_shop -q --source-encoding LATIN1 --verify content
is "they arrive" "$(q dst warehouse "select b from t where a = 1")" "café"
is "in names" "$(q dst warehouse 'select "colé" from "tablé"')" 7
is "in names of sequences" "$(q dst warehouse 'select start_value from pg_sequences where sequencename = $$seqé$$')" 3
is "in comments" "$(q dst warehouse "select obj_description('t'::regclass)")" "déjà"
is "in views" "$(q dst warehouse "select a from mv")" "é"
exits 0 "and are found again" gpm-import check --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres \
	-d warehouse --source-encoding LATIN1
exits 2 "an encoding that there is not" load_shop -q --source-encoding KLINGON --verify content

# another encoding into UTF-8: the server translates
rm -rf "$bucket" "$spool"
mkdir "$bucket"
q src postgres "create database latin encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0"
PGCLIENTENCODING=UTF8 q src latin "create table \"tablé\" (\"colé\" text); insert into \"tablé\" values ('café'), (chr(255));
	comment on table \"tablé\" is 'déjà'; create type mood as enum ('ä'); create table m (a mood); insert into m values ('ä')"
ok "LATIN1: export" env PGCLIENTENCODING=LATIN1 gpm-export -q -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d latin --spool "$spool"
has "LATIN1: the schema is in UTF-8 whatever the environment says" "$(echo "$spool"/2*/schema/pre-data.sql)" "SET client_encoding = 'UTF8'"
ok "LATIN1: push" push_shop -q
fresh_warehouse
exits 0 "LATIN1: load" load_shop -q --verify content
is "the same text" "$(q dst warehouse 'select "colé" from "tablé" order by 1')" "$(PGCLIENTENCODING=UTF8 q src latin 'select "colé" from "tablé" order by 1')"
is "in comments" "$(q dst warehouse "select obj_description('\"tablé\"'::regclass)")" "déjà"
is "and in types" "$(q dst warehouse "select a from m")" "ä"

done_testing
