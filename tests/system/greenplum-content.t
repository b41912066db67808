#!/usr/bin/env bash
# Goal of this test: --verify content on a real Greenplum: its segments send their rows to receivers in gpm-import, and what differs is
# found as it is by COPY through the coordinator, which is the way for all where they cannot.
GP_CONNINFO_1=${GPM_TEST_DESTINATION:-} GP_CONNINFO_2=${GPM_TEST_SOURCE:-}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/gp.sh"

gp_or_skip
pg_up src

content() { gp_check -v --verify content --small-table 0 "$@"; }
sends="segments send their rows to"
coordinator="through the coordinator"
found() { awk '/NOT VERIFIED/ { print $1 }' "$TEST_DIR/out"; }
# differs NAME [OPTION…]: sales.lines, and no other table, by either way
differs() {
	local name=$1
	shift
	exits 4 "$name" content "$@"
	is "$name: is named" "$(found)" "sales.lines"
	is "$name: no other table" "$(grep -c 'verified by content' "$TEST_DIR/out")" 7
	has "$name: the segments sent" "$TEST_DIR/err" "$sends"
	hasnt "$name: not by COPY" "$TEST_DIR/err" "$coordinator"
	hasnt "$name: no token in messages" "$TEST_DIR/err" "gpfdist://"
	exits 4 "$name, by COPY" content --method copy "$@"
	is "$name, by COPY: is named" "$(found)" "sales.lines"
	hasnt "$name, by COPY: no segment sent" "$TEST_DIR/err" "$sends"
}

fill_shop src 60000
ok "export" export_shop -q --data-only --snapshot table
ok "push" push_shop -q
gp_fresh
exits 0 "load" gp_load -q -j 2

exits 0 "the same rows" content -j 3
has "it is verified" "$TEST_DIR/out" "is verified by content: 8 tables"
has "the segments sent them" "$TEST_DIR/err" "$sends"
hasnt "all of them" "$TEST_DIR/err" "$coordinator"
exits 0 "in little memory, at another address" content -j 2 --memory 20MB --listen 127.0.0.2
has "the segments came there" "$TEST_DIR/err" "$sends 127.0.0.2"
exits 0 "small tables by COPY" gp_check -v --verify content
has "it is verified too" "$TEST_DIR/out" "is verified by content: 8 tables"
is "no external table is left" "$(gp "select count(*) from pg_exttable e join pg_class c on c.oid = e.reloid where c.relname like 'gpm%'")" 0
gp "alter database $gp_db set datestyle = 'SQL, DMY'; alter database $gp_db set timezone = 'Asia/Tokyo'; alter database $gp_db set extra_float_digits = -5"
exits 0 "a database with settings of its own" content
gp "alter database $gp_db reset all"
gp "alter table sales.floats set distributed replicated; alter table sales.odd set distributed by (a)"
exits 0 "other distributions than when it was loaded" content

# --- what differs

gp "update sales.lines set note = overlay(note placing 'X' from 7 for 1) where id = 4711"
differs "a byte"
gp "update sales.lines set note = md5(id::text) where id = 4711"
exits 0 "mended" content
gp "create table sales.gone as select * from sales.lines where id in (17, 18) distributed by (id); update sales.lines set (qty, price, sku, note) = (g.qty, g.price, g.sku, g.note) from sales.gone g where lines.id = 17 and g.id = 18"
differs "a row that is another's"
gp "update sales.lines set (qty, price, sku, note) = (g.qty, g.price, g.sku, g.note) from sales.gone g where lines.id = 17 and g.id = 17; delete from sales.lines where id = 18"
differs "a row less"
gp "insert into sales.lines select * from sales.gone"
differs "a row too many"
gp "delete from sales.lines where id in (17, 18); insert into sales.lines select * from sales.gone; drop table sales.gone"
exits 0 "mended again" content
# the source's type, numeric(12,2), would make of it what it was
gp "alter table sales.lines alter price type numeric(12,3)"
differs "a column of another type"
gp "alter table sales.lines alter price type numeric(12,2)"
gp "alter table sales.lines rename note to remark"
exits 3 "a column that is not there" content
has "is told with its name" "$TEST_DIR/err" "note"
gp "alter table sales.lines rename remark to note"

# --- who may not, and who cannot

checker=gpm_test_checker_$$
admin() { PGOPTIONS='-c client_min_messages=error' "$pg_bin/psql" -Xq -v ON_ERROR_STOP=1 -d "$gp_conninfo dbname=postgres" -c "$1"; }
as_checker() { gpm-import check --from "$from" -d "$gp_conninfo user=$checker dbname=$gp_db" --verify content --small-table 0 "$@"; }
admin "create role $checker login"
gp "grant usage on schema sales, \"Odd \"\"Schema\"\"\", gpm to $checker"
gp "select 'grant select on ' || c.oid::regclass || ' to $checker;' from pg_class c join pg_namespace n on n.oid = relnamespace
	where relkind in ('r', 'p') and nspname in ('sales', 'Odd \"Schema\"', 'gpm')" >"$TEST_DIR/grant.sql"
gp "$(cat "$TEST_DIR/grant.sql")"
exits 0 "a user without the right" as_checker
has "is told" "$TEST_DIR/err" "$coordinator, which is slower: "
has "and why" "$TEST_DIR/err" "may not make writable external tables of protocol gpfdist"
has "and what to do" "$TEST_DIR/err" "CREATEEXTTABLE (type = 'writable', protocol = 'gpfdist')"
has "and has the proof" "$TEST_DIR/out" "is verified by content: 8 tables"
admin "alter role $checker createexttable (type = 'writable', protocol = 'gpfdist')"
exits 0 "a user with the right" as_checker -v
has "his segments send" "$TEST_DIR/err" "$sends"
hasnt "all rows" "$TEST_DIR/err" "$coordinator"
exits 0 "too little memory for it" content --memory 1MB
has "is told" "$TEST_DIR/err" "$coordinator, which is slower: --memory is too little"
exits 0 "an address that is not this host's" content --listen 192.0.2.1
has "is told too" "$TEST_DIR/err" "$coordinator"

# --- newer rows of a table

q src shop "insert into sales.lines select i, 1, 1, 'x', 'y' from generate_series(60001, 70000) i"
ok "export of what is newer" export_shop -q --data-only -t sales.lines --since 'sales.lines:id>60000'
ok "push" push_shop -q
exits 0 "the segments take them, and send them back" gp_load -v --verify content --small-table 0
has "it is verified" "$TEST_DIR/out" "is verified by content: 1 tables, 10,000 rows"
has "the segments took them" "$TEST_DIR/err" "segments take their rows from"
has "the segments sent them" "$TEST_DIR/err" "$sends"
hasnt "nothing through the coordinator" "$TEST_DIR/err" "$coordinator"
is "beside those that were there" "$(gp "select count(*) from sales.lines")" 70000
gp "delete from sales.lines where id = 7"
exits 3 "an older row that is gone" content
has "is told" "$TEST_DIR/err" "holds 59999 rows besides those of this run, id > '60000'; the source holds 60000"
gp "insert into sales.lines select 7, 7, 0.07, 'SKU-7', md5('7')"

gp_drop
admin "drop role $checker"
done_testing
