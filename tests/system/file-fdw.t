#!/usr/bin/env bash
# Goal of this test: load --method file_fdw loads what copy does, exactly once, whatever the names are; what the program
# does wrong never becomes rows; nothing of it stays in the database; who may not is told so.
# GPM_TEST_KILLS sets the number of kills (6).
kills=${GPM_TEST_KILLS:-6}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/session.sh"
. "$(dirname "$0")/tamper.sh"

pg_up src
pg_up dst

# The server's user runs the program, and sh reads its command line.
awkward="$TEST_DIR/it's \"here\" \$(touch pwned) ; \\"
mkdir -p "$awkward/bucket"
cp "$build_dir/import/gpm-import" "$awkward/gpm-import"
bucket="$awkward/bucket"
PATH="$awkward:$PATH"

fdw_load() {
	load_shop --method file_fdw "$@"
}

nothing_left() {
	is "$1: nothing is left behind" "$(q dst warehouse "select (select count(*) from pg_foreign_server where srvname like 'gpm%'),
		(select count(*) from pg_class where relkind = 'f' and relnamespace = 'gpm'::regnamespace)")" "0|0"
}

ledger_is_exact() {
	local objects

	objects=$(find "$bucket"/*/data -type f | wc -l | tr -d ' ')
	is "$1: every chunk once in the ledger" "$(q dst warehouse "select count(*), count(distinct object_key) from gpm.ledger")" "$objects|$objects"
	same_shop "$1: the same rows"
	nothing_left "$1"
}

# --- every type, every awkward name

fill_everything src
q src shop "set session_replication_role = replica; $(cat "$tests_dir/system/hostile.sql")"
make_space dst two
make_space dst '"Space ""one"'
ok "everything: export" export_shop -q
ok "everything: push" push_shop -q
fresh_warehouse
exits 0 "everything: load" fdw_load -q --verify content -j 4
has "everything: verified by content" "$TEST_DIR/out" "is verified by content"
same_schema "everything: pg_dump sees the same schema"
nothing_left "everything"
is "no shell read a name" "$(find "$TEST_DIR" . -name pwned)" ""

# --- a shop, with workers and deaths

fresh_cluster src
fresh_cluster dst
rm -rf "$spool" "${bucket:?}"/*
fill_shop src 60000
ok "export, without slices" export_shop -q --snapshot table
ok "push" push_shop -q
run=$(basename "$(run_dir)")
fresh_warehouse
exits 0 "load" fdw_load -j 3
has "verified" "$TEST_DIR/out" "is verified"
has "the extension is told" "$TEST_DIR/err" "the extension file_fdw was made"
ledger_is_exact "load"
is "in several transactions" "$(q dst warehouse "select count(distinct loaded_at) >= 9 from gpm.ledger where table_name = 'lines'")" t
exits 0 "a second load, by copy, does nothing" load_shop -q

fresh_warehouse
hits=0
for ((i = 0; i < kills; i++)); do
	gpm-import load --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse --method file_fdw \
		-j $((i % 3 + 2)) >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
	pid=$!
	# the first time as soon as rows are in
	if [ "$i" -eq 0 ]; then
		until_true "select count(*) > 0 from gpm.ledger"
	else
		sleep "0.$(printf %03d $((RANDOM % 150 + 20)))"
	fi
	killed "$pid" || break
	hits=$((hits + 1))
done
ok "killed $hits times under way" test "$hits" -gt 0
exits 0 "killed: then it ends well" fdw_load -q -j 2
ledger_is_exact "after the kills"

# gaps: what copy loaded before is left out
fresh_warehouse
exits 0 "gaps: load by copy" load_shop -q -j 2
q dst warehouse "alter table sales.odd drop constraint odd_a_fkey; delete from sales.lines where ctid in (select ctid from sales.lines limit 0)"
gone=$(gpm-import cat --from "file://$bucket" -t sales.lines --batch 1 --chunks 5-6 | cut -d, -f1 | paste -sd,)
gone=$gone,$(gpm-import cat --from "file://$bucket" -t sales.lines --batch 1 --chunks 9 | cut -d, -f1 | paste -sd,)
q dst warehouse "delete from sales.lines where id in ($gone); delete from gpm.ledger where table_name = 'lines' and seq in (5, 6, 9)"
exits 0 "gaps: load by file_fdw" fdw_load -q -j 1
q dst warehouse "alter table sales.odd add foreign key (a) references sales.lines (id)"
ledger_is_exact "gaps"

# --- a signal while the server works

fresh_warehouse
ok "a signal: the schema" load_shop -q --schema-only
speak 7
echo "begin; lock table sales.lines in exclusive mode;" >&7
ok "a signal: sales.lines is locked" until_true "select exists (select from pg_locks where relation = 'sales.lines'::regclass and mode = 'ExclusiveLock')"
gpm-import load --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse --method file_fdw \
	>"$TEST_DIR/out" 2>"$TEST_DIR/err" 7>&- 8>&- &
pid=$!
ok "a signal: an INSERT waits" until_true "select exists (select from pg_locks where relation = 'sales.lines'::regclass and not granted)"
kill -TERM "$pid"
wait "$pid"
is "a signal: it ends" $? 143
silent 7
exits 0 "a signal: then it goes on" fdw_load -q
ledger_is_exact "a signal"

# --- programs that do wrong

wrong() { # NAME STATUS MESSAGE SCRIPT: "$@" in it is the command line of gpm-import
	printf '#!/bin/sh\n%s\n' "$4" >"$TEST_DIR/program"
	chmod 755 "$TEST_DIR/program"
	fresh_warehouse
	exits "$2" "$1" fdw_load -q -j 2 --program "$TEST_DIR/program"
	has "$1: it is said" "$TEST_DIR/err" "$3"
	is "$1: no row" "$(q dst warehouse "select count(*) from sales.lines")" 0
	is "$1: no line in the ledger" "$(q dst warehouse "select count(*) from gpm.ledger")" 0
	nothing_left "$1"
}
real="'${awkward//\'/\'\\\'\'}/gpm-import' \"\$@\""
wrong "a program that fails at its end" 3 "child process exited with exit code 3" "$real; exit 3"
wrong "a program that dies" 3 "failed (child process" "$real | head -n 10; kill -9 \$\$"
wrong "a program that stops early and says that all is well" 4 "file_fdw took 1 rows of" "$real | head -n 1"
wrong "a program that writes a row too many" 4 "rows of" "$real && $real | head -n 1"
wrong "a program that writes nothing" 4 "file_fdw took 0 rows of" "true"
wrong "no program" 3 "failed (command not found)" "exec /nowhere/gpm-import"
fresh_warehouse
exits 0 "a program that does right" fdw_load -q --program "$awkward/gpm-import"
ledger_is_exact "--program"

# --- a damaged object: it is named, its share alone is missing

fresh_warehouse
cp -a "$bucket" "$TEST_DIR/good"
damaged=$(cd "$bucket/$run" && find data -path '*sales.lines/*/000010.*')
(cd "$bucket/$run" && flip_byte "$damaged" 100)
exits 4 "a damaged object" fdw_load -q -j 2
has "is named" "$TEST_DIR/err" "$damaged' has another SHA-256"
is "other shares are loaded" "$(q dst warehouse "select count(*) > 0 from gpm.ledger where table_name = 'lines'")" t
rm -rf "$bucket"
mv "$TEST_DIR/good" "$bucket"
exits 0 "mended: the rest is loaded" fdw_load -q
ledger_is_exact "a damaged object"

# --- rules, which COPY does not see

fresh_warehouse
ok "rules: the schema" load_shop -q --schema-only
q dst warehouse "create table seen (a int); create rule r as on insert to sales.empty do also insert into seen values (1);
	create rule r as on insert to sales.lines do also insert into seen values (1); alter table sales.lines enable always rule r"
exits 3 "a rule that would act" fdw_load -q
has "is refused by name" "$TEST_DIR/err" "sales.lines: has 1 rules"
is "it did not act" "$(q dst warehouse "select count(*) from seen")" 0
exits 0 "by copy it does not act" load_shop -q
same_shop "rules: the same rows"

# --- rights

preflight() {
	gpm-import preflight --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -d warehouse --method file_fdw "$@"
}
refused() { # NAME MESSAGE
	exits 1 "$1: preflight" preflight -U loader
	has "$1: preflight says it" "$TEST_DIR/out" "$2"
	exits 1 "$1" fdw_load -q -U "loader"
	has "$1: it is said" "$TEST_DIR/err" "$2"
	has "$1: with what to do" "$TEST_DIR/err" "hint: "
	is "$1: before anything is done" "$(q dst warehouse "select count(*) from pg_tables where schemaname = 'sales'")" 0
}
fresh_warehouse
q dst postgres "create role loader login createrole; grant all on database warehouse to loader"
q dst warehouse "alter schema public owner to loader"
refused "no right to run a program" "this user may not have the server run a program"
q dst postgres "grant pg_execute_server_program to loader"
refused "no extension" "this database has no extension file_fdw, and this user cannot make it"
q dst warehouse "create extension file_fdw"
refused "no right to use it" "may not use the foreign-data wrapper"
q dst warehouse "grant usage on foreign data wrapper file_fdw to loader"
exits 0 "with all rights: preflight" preflight -U loader
has "with all rights: preflight says it" "$TEST_DIR/out" "rows can be loaded by file_fdw"
exits 0 "with all rights, and no superuser" fdw_load -q -U loader
same_shop "with all rights: the same rows"
exits 2 "a method that there is not" load_shop --method carrier_pigeon
(cd "$bucket/$run" && sed -i 's/"methods":\[[^]]*\]/"methods":["copy","gpfdist"]/' manifest.jsonl && reseal manifest.jsonl)
fresh_warehouse
exits 2 "a run that was not pushed for it" fdw_load
has "is told for what it was" "$TEST_DIR/err" "it was pushed for copy, gpfdist"
is "before anything is done" "$(q dst warehouse "select count(*) from pg_namespace where nspname = 'gpm'")" 0
exits 0 "by copy it is loaded" load_shop -q

done_testing
