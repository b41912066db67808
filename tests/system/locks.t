#!/usr/bin/env bash
# Goal of this test: what others do to tables while they are exported: they wait, or the export says so at
# once; no table comes out empty, none comes out of another moment.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

pg_up src
pg_up dst
fill_shop src

# run_later SQL: in the background; its end is in $TEST_DIR/later
run_later() {
	rm -f "$TEST_DIR/later"
	{ q src shop "$1" >/dev/null 2>&1; echo $? >"$TEST_DIR/later"; } &
}

# until_true SQL: polls the source, for at most a minute
until_true() {
	local i

	for ((i = 0; i < 600; i++)); do
		[ "$(q src shop "$1")" = t ] && return
		sleep 0.1
	done
	return 1
}

make_gate "$pg_bin"

# export_at_gate PROGRAM OPTION…: an export in the background that stands at PROGRAM; sets $exporter
export_at_gate() {
	local program=$1

	shift
	stand_at_gate "$program" export_shop --client-bin "$TEST_DIR/bin" "$@"
}

# a lock that is held already
q src shop "begin; lock table sales.odd in access exclusive mode; select pg_sleep(30)" >/dev/null 2>&1 &
locker=$!
ok "somebody holds a lock" until_true "select exists (select from pg_locks where mode = 'AccessExclusiveLock' and granted and relation = 'sales.odd'::regclass)"
exits 5 "the export gives up after its time" export_shop --lock-wait-timeout 1s
has "it names the table" "$TEST_DIR/err" "sales.odd"
has "it says what to do" "$TEST_DIR/err" "--lock-wait-timeout"
q src postgres "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()" >/dev/null
wait "$locker"

rows=$(table_md5 src shop sales.lines)
floats=$(table_md5 src shop sales.floats)
waits="select count(*) > 0 from pg_locks where mode = 'AccessExclusiveLock' and not granted"
export_at_gate pg_dumpall
is "an export has its snapshot" $? 0
run_later "truncate sales.lines cascade; alter table sales.floats alter a type numeric; truncate sales.orders_rest"
ok "TRUNCATE waits for it" until_true "$waits"
rm "$TEST_DIR/gate"
wait "$exporter"
is "the export ends well" $? 0
ok "and TRUNCATE and ALTER TYPE after it" until_true "select count(*) = 0 from sales.lines"
wait
is "they succeeded" "$(cat "$TEST_DIR/later")" 0
ok "push" push_shop -q
fresh_warehouse
ok "load" load_shop -q
is "the truncated table came out whole" "$(table_md5 dst warehouse sales.lines)" "$rows"
is "the retyped one too" "$(table_md5 dst warehouse sales.floats)" "$floats"
is "and the one truncated last" "$(q dst warehouse "select count(*) from sales.orders_rest")" 534

# Somebody who waits before the schema was read keeps pg_dump from its locks: he goes first, and the export
# takes another moment, in which his work is done.
export_at_gate pg_dump --new-run --lock-wait-timeout 2s
is "an export before its schema" $? 0
run_later "truncate sales.one_column"
ok "TRUNCATE waits for it" until_true "$waits"
rm "$TEST_DIR/gate"
wait "$exporter"
status=$?
is "the export ends well" "$status" 0
[ "$status" = 0 ] || sed 's/^/# /' "$TEST_DIR/err"
has "it tells who it waited for" "$TEST_DIR/err" "he goes first"
wait
is "TRUNCATE was done" "$(cat "$TEST_DIR/later")" 0
rm -rf "$bucket"
mkdir "$bucket"
ok "push" push_shop -q
fresh_warehouse
run=$(basename "$(find "$bucket" -maxdepth 1 -name '2*' | sort | tail -n 1)")
ok "load" load_shop -q --run "$run"
is "the export is of the moment after it" "$(q dst warehouse "select count(*) from sales.one_column")" 0

# a table that is dropped while the export waits for its lock
q src shop "create table public.going (a int)"
q src shop "begin; drop table public.going; select pg_sleep(2); commit" >/dev/null 2>&1 &
locker=$!
ok "somebody drops a table" until_true "select exists (select from pg_locks where mode = 'AccessExclusiveLock' and granted and relation = 'public.going'::regclass)"
exits 0 "the export waits, and goes on without it" export_shop -q --new-run
wait "$locker"

# tables that come and go while the list is made
for i in 1 2 3 4 5 6; do
	(while [ ! -e "$TEST_DIR/stop" ]; do q src shop "drop table if exists public.t$i; create table public.t$i (a int)"; done >/dev/null 2>&1) &
done
export_shop -q --new-run --lock-wait-timeout 2s 2>"$TEST_DIR/err"
status=$?
touch "$TEST_DIR/stop"
wait
ok "an export while tables come and go ends well, or says that it is a passing trouble ($status)" test "$status" = 0 -o "$status" = 5

# each table at its own moment: nobody waits for the whole export
rm -rf "$spool" "${bucket:?}"/*
fill_again="truncate sales.lines cascade; insert into sales.lines select i, i % 9, i / 100.0, 'SKU', md5(i::text) from generate_series(1, 5000) i"
q src shop "$fill_again" >/dev/null
exits 2 "a scope that does not exist" export_shop --snapshot moment
export_at_gate pg_dumpall --snapshot table
is "an export without a common snapshot" $? 0
ok "TRUNCATE does not wait for it" q src shop "set lock_timeout = '10s'; truncate sales.orders_rest; create table public.young (a int)"
rm "$TEST_DIR/gate"
wait "$exporter"
is "the export ends well" $? 0
has "it says what it is" "$TEST_DIR/err" "each table is of its own moment"
ok "push" push_shop -q
is "so does the manifest" "$(jq -r 'select(.rec == "moment") | .scope + (.snapshot // " without one")' "$(run_dir)manifest.jsonl")" "table without one"
q src shop "drop table public.young"
fresh_warehouse
exits 3 "load: a table that is younger than the schema is named" load_shop -q
has "by name" "$TEST_DIR/err" "public.young"
is "the truncated table is as it was when it was read" "$(q dst warehouse "select count(*) from sales.orders_rest")" 0
is "the others are whole" "$(table_md5 dst warehouse sales.lines)" "$(table_md5 src shop sales.lines)"

export_at_gate pg_dumpall --snapshot table --new-run
ok "ALTER TYPE while the schema is read" q src shop "alter table sales.floats alter a type text"
rm "$TEST_DIR/gate"
wait "$exporter"
is "ends the export, which is to be run again" $? 5
has "by name" "$TEST_DIR/err" "sales.floats was altered while the schema was read"

# a table that is locked for long, and one that changes while the export is under way, fail by name
q src shop "begin; lock table sales.odd in access exclusive mode; select pg_sleep(30)" >/dev/null 2>&1 &
locker=$!
ok "somebody holds a lock" until_true "select exists (select from pg_locks where mode = 'AccessExclusiveLock' and granted and relation = 'sales.odd'::regclass)"
exits 3 "one table cannot be locked" export_shop --data-only --snapshot table --lock-wait-timeout 1s
has "it is named" "$TEST_DIR/err" "error: sales.odd: could not be locked within 1 s"
has "the others are out" "$TEST_DIR/err" ": 13 tables,"
q src postgres "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()" >/dev/null
wait "$locker"

q src shop "begin; lock table sales.lines in access exclusive mode; select pg_sleep(1); alter table sales.lines rename to lines_old; commit" >/dev/null 2>&1 &
locker=$!
ok "somebody holds a lock" until_true "select exists (select from pg_locks where mode = 'AccessExclusiveLock' and granted and relation = 'sales.lines'::regclass)"
exits 3 "one table is renamed before it can be read" export_shop --data-only --snapshot table --new-run
has "it is named" "$TEST_DIR/err" "error: sales.lines: "
wait "$locker"

done_testing
