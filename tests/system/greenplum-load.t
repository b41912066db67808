#!/usr/bin/env bash
# Goal of this test: load --method gpfdist into a real Greenplum: its segments take the rows themselves, all that arrives is what
# was there, exactly once; what is damaged, killed or refused under way never becomes rows.
# GPM_TEST_KILLS sets the number of kills (6).
kills=${GPM_TEST_KILLS:-6}
GP_CONNINFO_1=${GPM_TEST_DESTINATION:-} GP_CONNINFO_2=${GPM_TEST_SOURCE:-}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/tamper.sh"
. "$(dirname "$0")/gp.sh"

gp_or_skip
pg_up src

taken() {
	gp_load --method gpfdist --small-table 0 "$@"
}
external_tables() { gp "select count(*) from pg_exttable e join pg_class c on c.oid = e.reloid where c.relname like 'gpm%'"; }

# serve OPTION…: in the background; $url is where
serve() {
	rm -f "$TEST_DIR/url"
	gpm-import serve --from "$from" --listen 127.0.0.1 "$@" >"$TEST_DIR/url" 2>"$TEST_DIR/serve.err" &
	server=$!
	until [ -s "$TEST_DIR/url" ] || ! kill -0 "$server" 2>/dev/null; do sleep 0.05; done
	url=$(cat "$TEST_DIR/url")
}
served() { # STATUS NAME
	local status=0

	wait "$server" || status=$?
	is "$2" "$status" "$1"
}
location="create external temp table x (like sales.lines) location"

fill_shop src 60000
ok "export" export_shop -q --data-only --snapshot table --batch-size 1MB
ok "push" push_shop -q
run=$(basename "$(run_dir)")
objects=$(find "$bucket/$run/data" -type f | wc -l | tr -d ' ')
rm -rf "$spool"

# --- all of it

gp_fresh
exits 0 "preflight" gpm-import preflight --from "$from" -d "$gp_conninfo dbname=$gp_db"
has "gpfdist is what is chosen" "$TEST_DIR/out" "rows can be loaded by gpfdist"
exits 0 "load" taken -v --verify content -j 3
has "verified by content" "$TEST_DIR/out" "is verified by content: 8 tables"
has "the segments took the rows" "$TEST_DIR/err" "segments take their rows from"
gp_exact "load"
is "a batch is one transaction" "$(gp "select count(*) from (select batch from gpm.ledger group by table_no, batch having count(distinct loaded_at) > 1) x")" 0
is "there are several" "$(gp "select count(distinct batch) > 3 from gpm.ledger where table_name = 'lines'")" t
exits 0 "a second load does nothing" taken -q
gp_exact "a second load"
is "no external table is left" "$(external_tables)" 0

# the default, by which small tables go through the coordinator
gp_fresh
exits 0 "load, nothing said" gp_load -v --verify content
has "the dealer was there" "$TEST_DIR/err" "segments take their rows from"
gp_exact "the default"
gp_fresh
exits 2 "no memory" taken --memory 1MB
has "it is said how much is needed" "$TEST_DIR/err" "at least"
exits 2 "two addresses" taken --listen 127.0.0.1 --listen 127.0.0.2
exits 0 "little memory, another address" taken -q -j 2 --memory 20MB --listen 127.0.0.2
gp_exact "little memory"
# settings of the database are not those that rows are read with
gp_fresh
gp "alter database $gp_db set datestyle = 'SQL, DMY'; alter database $gp_db set intervalstyle = 'sql_standard'; alter database $gp_db set timezone = 'Asia/Tokyo'"
exits 0 "a database with settings of its own" taken -q --verify content
gp "alter database $gp_db reset all"
gp_exact "settings"
gp_fresh
gp "alter database $gp_db set $(gp "select case count(*) when 0 then 'gp_default_storage_options = ''appendonly=true''' else 'default_table_access_method = ao_row' end
	from pg_settings where name = 'default_table_access_method'")"
exits 0 "a database whose tables are append-optimized unless they say otherwise: the ledger is not" taken -q
gp "alter database $gp_db reset all"
gp_exact "append-optimized by default"
gp_fresh
gp "alter database $gp_db set array_nulls = off"
exits 0 "a setting that would reach the segments" taken --verify content
has "its rows go by COPY" "$TEST_DIR/err" "sales.floats goes by COPY: "
gp "alter database $gp_db reset array_nulls; create table sales.other (like sales.lines) distributed by (id)"
gp_exact "a setting"
gp_fresh
gp "create table sales.other (like sales.lines) distributed by (id); create rule r as on insert to sales.lines do instead insert into sales.other values (new.*); alter table sales.lines enable always rule r"
exits 0 "a rule" taken
has "the rows of its table go by COPY" "$TEST_DIR/err" "sales.lines goes by COPY: it has 1 rules"
gp "drop table sales.other cascade"
gp_exact "a rule"

# what copy loaded before is left out
gp_gaps taken -q

# a row that the table does not take, an error of the segments' own
gp_fresh
gp "alter table sales.lines alter qty type int using 1; alter table sales.lines add check (id <> 41234)"
exits 3 "a row that is refused" taken -q
has "is told with the segment's reason" "$TEST_DIR/err" "violates check constraint"
hasnt "and no token" "$TEST_DIR/err" "gpfdist://"
is "not one row of its batch" "$(gp "select count(*) = coalesce((select sum(rows) from gpm.ledger where table_name = 'lines'), 0) from sales.lines")" t
gp "alter table sales.lines drop constraint lines_id_check"
exits 0 "without the constraint" taken -q --verify content
gp_exact "a row that was refused"

# --- deaths

gp_fresh
gp_deaths --method gpfdist --small-table 0
exits 0 "killed: then it ends well" taken -q -j 2
gp_exact "after the kills"
is "no session is left behind" "$(gp "select count(*) from pg_stat_activity where datname = '$gp_db' and application_name like 'gpm-import%'")" 0

# a server process that is ended under way: the transaction is lost, and done again by the next start
gp_fresh
taken -q -j 1 >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
pid=$!
gp_until "select count(*) > 0 from gpm.ledger"
gp "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'gpm-import%worker'" >/dev/null
wait "$pid"
is "a session that is ended: run again, or it was done before" "$(($? == 5 || $? == 0))" 1
exits 0 "a session that was ended: then it ends well" taken -q
gp_exact "a session that was ended"

# --- a damaged object

gp_damage taken -q -j 2
serve -q -t sales.lines
exits 1 "a statement that would read it" gp "$location ('$url') format 'csv'; insert into sales.lines select * from x"
has "fails, and names it" "$TEST_DIR/err" "$damaged' has another SHA-256"
served 4 "serve ends because of it"
gp_mend taken -q

# --- who may not

loader=gpm_test_loader_$$
admin() { PGOPTIONS='-c client_min_messages=error' "$pg_bin/psql" -Xq -v ON_ERROR_STOP=1 -d "$gp_conninfo dbname=postgres" -c "$1"; }
as_loader() { gpm-import load --data-only --from "$from" -d "$gp_conninfo user=$loader dbname=$gp_db" --small-table 0 "$@"; }
gp_fresh
admin "create role $loader login"
gp "grant create on database $gp_db to $loader"
gp "select 'alter ' || case relkind when 'r' then 'table ' when 'S' then 'sequence ' else 'materialized view ' end || c.oid::regclass || ' owner to $loader;'
	from pg_class c join pg_namespace n on n.oid = relnamespace where relkind in ('r', 'S', 'm') and nspname in ('sales', 'Odd \"Schema\"')" >"$TEST_DIR/owner.sql"
gp "$(cat "$TEST_DIR/owner.sql")"
gp "grant all on schema sales, \"Odd \"\"Schema\"\"\" to $loader"
exits 1 "a user without the right" as_loader -q --method gpfdist
has "is told" "$TEST_DIR/err" "may not make readable external tables of protocol gpfdist"
has "and what to do" "$TEST_DIR/err" "CREATEEXTTABLE (type = 'readable', protocol = 'gpfdist')"
admin "alter role $loader createexttable (type = 'readable', protocol = 'gpfdist')"
gp "revoke temp on database $gp_db from public"
exits 1 "a user who may have no temporary table" as_loader -q --method gpfdist
has "is told before the first row" "$TEST_DIR/err" "the segments cannot take rows from gpm-import at "
gp "grant temp on database $gp_db to $loader"
exits 0 "an ordinary user with the right" as_loader -v
has "his segments take the rows" "$TEST_DIR/err" "segments take their rows from"
gp_exact "an ordinary user"
gp_fresh
admin "drop role $loader"

# --- serve: a statement by hand

serve -t sales.lines
has "serve says how to read it" "$TEST_DIR/serve.err" "sales.lines, 60,000 rows: CREATE EXTERNAL TABLE"
ok "a statement takes the rows" gp "$location ('$url') format 'csv'; insert into sales.lines select * from x"
served 0 "serve ends when they were taken"
has "and says by how many" "$TEST_DIR/serve.err" "all 60,000 rows were taken, by "
is "they are the rows" "$(gp_md5 sales.lines)" "$(q src shop "copy (select * from sales.lines) to stdout" | LC_ALL=C sort | md5sum | cut -c 1-32)"
exits 1 "another statement" gp "$location ('$url') format 'csv'; select count(*) from x"
serve -t sales.lines
exits 1 "a self join" gp "$location ('$url') format 'csv'; select count(*) from x join x y using (id)"
has "is told that it is read once" "$TEST_DIR/err" "another scan has begun to read this location"
kill "$server"
wait "$server"
serve -t sales.lines
exits 1 "a table that says TEXT" gp "$location ('$url') format 'text' (delimiter ','); select count(*) from x"
has "is told what the rows are" "$TEST_DIR/err" "these rows are FORMAT 'csv'"
is "and the right one gets them still" "$(gp "$location ('$url') format 'csv'; select count(*) from x")" 60000
served 0 "serve ends"
serve -t sales.lines
kill -TERM "$server"
served 143 "serve ends by a signal"
exits 2 "serve without a table" gpm-import serve --from "$from"
exits 2 "plan has no script for it" gpm-import plan --from "$from" --method gpfdist
has "and says what else there is" "$TEST_DIR/err" "gpm-import serve"
done_testing
