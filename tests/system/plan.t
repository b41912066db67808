#!/usr/bin/env bash
# Goal of this test: what gpm-import plan prints is run by psql as it is, loads what load would, once however often it is
# run, and no row of a batch that differs; plan itself asks no database.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/session.sh"
. "$(dirname "$0")/tamper.sh"

pg_up src
pg_up dst
mkdir "$TEST_DIR/it's here"
cp "$build_dir/import/gpm-import" "$TEST_DIR/it's here/gpm-import" # the server's user runs it, too
PATH="$TEST_DIR/it's here:$PATH"
cd "$TEST_DIR" || exit 1

plan() { # OPTION…: into $TEST_DIR/plan.sql
	PGHOST=/nowhere gpm-import plan --from "file://$bucket" "$@" >"$TEST_DIR/plan.sql"
}
run_plan() {
	"$pg_bin/psql" -Xq -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse -f "$TEST_DIR/plan.sql"
}
check_shop() {
	gpm-import check --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse "$@"
}
nothing_left() {
	is "$1: nothing is left behind" "$(q dst warehouse "select (select count(*) from pg_foreign_server where srvname like 'gpm%'),
		(select count(*) from pg_class where relkind = 'f' and relnamespace = 'gpm'::regnamespace)")" "0|0"
}

# --- every type, every awkward name

fill_everything src
# a line \. inside a value is looked at below
q src shop "delete from texts where t = E'a\n\\\\.\nb'"
ok "everything: export" export_shop -q
ok "everything: push" push_shop -q
for method in copy file_fdw; do
	fresh_cluster dst
	fresh_warehouse
	ok "everything by $method: the schema" load_shop -q --schema-only
	# what would refuse the rows once the whole schema is there
	q dst warehouse "set session_replication_role = replica; alter table trig disable trigger user;
		alter table not_valid drop constraint positive"
	# \copy takes no line break in a name
	[ $method = copy ] && status=3 || status=0
	exits $status "everything by $method: plan" plan --method $method
	cp "$TEST_DIR/err" "$TEST_DIR/plan.err"
	exits 0 "everything by $method: psql" run_plan
	is "everything by $method: psql says nothing" "$(cat "$TEST_DIR/out" "$TEST_DIR/err")" ""
	if [ $method = copy ]; then
		is "everything by $method: the names that it cannot take are told" "$(grep -c 'copy takes no name' "$TEST_DIR/plan.err")" \
			"$(q src shop "select count(distinct c.oid) from pg_class c join pg_namespace n on n.oid = relnamespace join pg_attribute on attrelid = c.oid
				where relkind = 'r' and nspname !~ '^pg_' and nspname <> 'information_schema' and not attisdropped and attnum > 0
				and nspname || relname || attname ~ '[\n\r]'")"
		exits 0 "everything by $method: load does the rest" load_shop -q --data-only
	fi
	exits 0 "everything by $method: check" check_shop --verify content
	nothing_left "everything by $method"
done

# --- names that psql could take for something else

fresh_cluster src
fresh_cluster dst
q src postgres "create database shop"
q_file src shop "$tests_dir/system/hostile.sql" || exit 1
rm -rf "$spool" "${bucket:?}"/*
ok "hostile: export" export_shop -q
ok "hostile: push" push_shop -q
fresh_warehouse
ok "hostile: the schema" load_shop -q --schema-only
exits 3 "hostile by copy: plan" plan
has "hostile by copy: refused" "$TEST_DIR/err" "with a line break"
has "hostile by copy: and what to do" "$TEST_DIR/err" "use --method file_fdw"
exits 0 "hostile by file_fdw: plan" plan --method file_fdw
exits 0 "hostile by file_fdw: psql" run_plan
exits 0 "hostile by file_fdw: check" check_shop --verify content
is "hostile: no shell read a name" "$(find "$TEST_DIR" -name pwned)" ""

# a line \. inside a value, which \copy takes for the end before psql 18
q src shop "create table dots (a int, b text); insert into dots select i, E'a\n\\\\.\nb' from generate_series(1, 5) i"
rm -rf "$spool" "${bucket:?}"/*
ok "dots: export" export_shop -q -t dots
ok "dots: push" push_shop -q
q dst warehouse "drop schema gpm cascade" 2>/dev/null
ok "dots: the schema" load_shop -q --schema-only
exits 0 "dots: plan" plan
run_plan >"$TEST_DIR/out" 2>"$TEST_DIR/err"
status=$?
is "dots: all rows or, with an error, none" "$status|$(q dst warehouse "select count(*) from dots")" "$([ $status = 0 ] && echo "0|5" || echo "3|0")"
exits 0 "dots: load does it" load_shop -q --verify content

# a condition is SQL without quotes around it
q src shop "create extension citext; create table conf (a int, own bool); alter extension citext add table conf;
	set allow_system_table_mods = on; update pg_extension set extconfig = array['conf'::regclass::oid],
	extcondition = array['WHERE own'] where extname = 'citext'; insert into conf values (1, true)"
rm -rf "$spool" "${bucket:?}"/*
ok "a condition: export" export_shop -q
ok "a condition: push" push_shop -q
exits 3 "a condition: plan" plan --method file_fdw
has "a condition: the table is left out, and it is said" "$TEST_DIR/err" "public.conf: holds the configuration of an extension"
hasnt "a condition: the script does not hold it" "$TEST_DIR/plan.sql" "WHERE own"

# --- a shop, several batches

q src postgres "drop database shop" || exit 1
rm -rf "$spool" "${bucket:?}"/*
fill_shop src
ok "export, without slices" export_shop -q --batch-size 256KB --snapshot table
ok "push" push_shop -q
run=$(basename "$(run_dir)")
objects=$(find "$bucket/$run/data" -type f | wc -l | tr -d ' ')
number=$(basename "$bucket/$run"/tables/*sales.lines.jsonl | sed 's/^0*\([0-9]*\)-.*/\1/')
ledger_is_exact() {
	is "$1: every chunk once in the ledger" "$(q dst warehouse "select count(*), count(distinct object_key) from gpm.ledger")" "$objects|$objects"
	same_shop "$1: the same rows"
	nothing_left "$1"
}

for method in copy file_fdw; do
	fresh_warehouse
	ok "$method: the schema" load_shop -q --schema-only
	exits 0 "$method: plan" plan --method $method
	exits 0 "$method: psql" run_plan
	ledger_is_exact "$method"
	exits 0 "$method: psql again" run_plan
	ledger_is_exact "$method: again"
	exits 0 "$method: load has nothing to do" load_shop -q --data-only
	ledger_is_exact "$method: load"
	is "$method: the tables were entered as load does" "$(q dst warehouse "select count(*), sum(rows_before), count(nullif(relfilenode, 0)) from gpm.tables")" "8|0|8"

	fresh_warehouse
	ok "$method, half of it: the schema" load_shop -q --schema-only
	exits 0 "$method, half of it: plan" plan --method $method -t sales.lines -t '"Odd ""Schema"""."Table.with dots"'
	exits 0 "$method, half of it: psql" run_plan
	is "$method, half of it: the tables named, and no other" "$(q dst warehouse "select string_agg(distinct table_name, ',') from gpm.ledger")" "Table.with dots,lines"
	exits 0 "$method, half of it: load goes on" load_shop -q
	ledger_is_exact "$method, half of it"

	fresh_warehouse
	ok "$method, a damaged object: the schema" load_shop -q --schema-only
	exits 0 "$method, a damaged object: plan" plan --method $method
	cp -a "$bucket" "$TEST_DIR/good"
	(cd "$bucket/$run" && flip_byte "$(find data -path '*sales.lines/*/b0002/000003.*')" 100)
	exits 3 "$method, a damaged object: psql stops" run_plan
	is "$method, a damaged object: whole batches only" "$(q dst warehouse "select count(*), max(batch) from gpm.ledger where table_name = 'lines'")" \
		"$(find "$bucket/$run/data" -path '*sales.lines/*/b0001/*' | wc -l | tr -d ' ')|1"
	is "$method, a damaged object: and their rows" "$(q dst warehouse "select count(*) = (select sum(rows) from gpm.ledger where table_name = 'lines') from sales.lines")" t
	rm -rf "$bucket"
	mv "$TEST_DIR/good" "$bucket"
	exits 0 "$method, a damaged object: mended, psql goes on" run_plan
	ledger_is_exact "$method, a damaged object"

	fresh_warehouse
	ok "$method, rows that go: the schema" load_shop -q --schema-only
	q dst warehouse "create function drop_it() returns trigger language plpgsql as 'begin return null; end'; create trigger t before insert
		on sales.lines for each row when (new.id = 7) execute function drop_it(); alter table sales.lines enable always trigger t"
	exits 3 "$method, rows that go: a trigger is seen" run_plan
	has "$method, rows that go: it is said" "$TEST_DIR/err" "triggers that would fire on the rows: 1"
	q dst warehouse "insert into gpm.tables select '$run', $number, 'sales', 'lines', 'sales.lines'::regclass, 0, 0"
	exits 3 "$method, rows that go: one that came later is not, and psql stops" run_plan
	has "$method, rows that go: it is said" "$TEST_DIR/err" "rows that came are not those of the batch"
	is "$method, rows that go: none is there" "$(q dst warehouse "select count(*) from sales.lines")" 0
	q dst warehouse "drop trigger t on sales.lines"
	exits 0 "$method, rows that go: when they stay psql goes on" run_plan
	ledger_is_exact "$method, rows that go"

	fresh_warehouse
	ok "$method, rows before: the schema" load_shop -q --schema-only
	q dst warehouse "insert into sales.empty values (1, 'here')"
	exits 3 "$method, rows before: psql stops" run_plan
	has "$method, rows before: it is said" "$TEST_DIR/err" "holds rows that this run did not load: 1"
	exits 0 "$method, rows before: plan --append" plan --method $method --run "$run" --append
	exits 0 "$method, rows before: psql adds to them" run_plan
	exits 0 "$method, rows before: load counts them" load_shop -q --append --run "$run"
done

# a rule that INSERT would obey
fresh_warehouse
ok "a rule: the schema" load_shop -q --schema-only
q dst warehouse "create rule r as on insert to sales.lines do also notify x; alter table sales.lines enable always rule r"
exits 0 "a rule: plan" plan --method file_fdw
exits 3 "a rule: psql stops" run_plan
has "a rule: it is said" "$TEST_DIR/err" "rules that would act on the rows: 1"

# what load did in part, load ends
fresh_warehouse
ok "in part: the schema" load_shop -q
exits 0 "in part: plan" plan
q dst warehouse "delete from gpm.ledger where table_name = 'lines' and batch = 2 and seq = 2"
exits 3 "in part: psql stops" run_plan
has "in part: it is said" "$TEST_DIR/err" "loaded in part, by gpm-import load"

# a load and a script do not run at once
fresh_warehouse
ok "at once: the schema" load_shop -q --schema-only
exits 0 "at once: plan" plan
speak 7
grep -m 1 pg_advisory_lock_shared "$TEST_DIR/plan.sql" >&7
ok "at once: a script has begun" until_true "select exists (select from pg_locks where locktype = 'advisory' and mode = 'ShareLock' and granted)"
exits 6 "at once: load does not begin" load_shop -q
exits 0 "at once: another script does" run_plan
silent 7
ledger_is_exact "at once"

# --- plan itself

exits 2 "no such table" plan -t lines
exits 1 "a table that is not there" plan -t sales.nothing
exits 2 "no such method" plan --method csv
is "no row of a database in it" "$(grep -c SKU "$TEST_DIR/plan.sql")" 0
PGHOST=/nowhere gpm-import plan --from "file://$bucket" >/dev/full 2>"$TEST_DIR/err"
is "the disk is full" "$?" 1
exits 0 "--program and the server's options stand in it" plan --program "/opt/my gpm/gpm-import" --region x1 --endpoint-url http://127.0.0.1:1
has "as words for a shell" "$TEST_DIR/plan.sql" "'''/opt/my gpm/gpm-import'' cat -q"
has "with the region" "$TEST_DIR/plan.sql" "--endpoint-url http://127.0.0.1:1 --region x1"

done_testing
