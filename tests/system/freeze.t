#!/usr/bin/env bash
# Goal of this test: under gpm-export --freeze nobody writes from the snapshot to the end, others read, and no frozen run goes on after it was let go.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

until_true() {
	local i

	for ((i = 0; i < 600; i++)); do
		[ "$(q src shop "$1")" = t ] && return
		sleep 0.1
	done
	return 1
}
newest() { basename "$(printf '%s\n' "$spool"/2*/ | sort | tail -n 1)"; }

pg_up src
pg_up dst
fill_shop src 5000
fresh_warehouse
make_gate "$pg_bin"
waits="select count(*) = 2 from pg_locks where mode = 'RowExclusiveLock' and not granted"

# no function of the shell, which would stand between it and a signal
frozen=(gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d shop --spool "$spool" --freeze --client-bin "$TEST_DIR/bin")
stand_at_gate pg_dumpall "${frozen[@]}"
is "an export has frozen the tables" $? 0
q src shop "insert into sales.empty values (1, 'x')" 2>/dev/null &
q src shop "insert into sales.orders values (1, '2024-02-02', 1)" 2>/dev/null &
ok "who writes waits, through a root too" until_true "$waits"
is "who reads does not" "$(q src shop "select count(*) from sales.empty")" 0
kill -9 "$exporter"
wait "$exporter" 2>/dev/null
ok "a death lets them go on" until_true "select count(*) = 1 from sales.empty"
first=$(newest)
rm -f "$TEST_DIR/gate"

stand_at_gate pg_dumpall "${frozen[@]}"
is "once more" $? 0
q src shop "insert into sales.empty values (2, 'x')" 2>/dev/null &
q src shop "update sales.lines set note = 'late' where id = 1" 2>/dev/null &
ok "who writes waits" until_true "$waits"
rm "$TEST_DIR/gate"
wait "$exporter"
is "the export ends" $? 0
hasnt "it was another run" "$TEST_DIR/err" "run $first goes on"
ok "the run says that it was frozen" grep -q '"freeze":true' "$spool/$(newest)/export.jsonl"
ok "and then they write" until_true "select count(*) = 2 from sales.empty"
wait
rm -r "${spool:?}/$first"
exits 0 "push" push_shop
exits 0 "load" load_shop --verify content
is "what was written before is in it" "$(q dst warehouse "select count(*) from sales.empty where a = 1")" 1
is "what waited is not" "$(q dst warehouse "select count(*) from sales.empty where a = 2; select count(*) from sales.lines where note = 'late'")" "0
0"

q src shop "begin; insert into sales.empty values (3, 'x'); select pg_sleep(30)" >/dev/null 2>&1 &
until_true "select exists (select from pg_locks where mode = 'RowExclusiveLock' and granted and relation = 'sales.empty'::regclass)"
exits 5 "somebody who writes just now" export_shop --freeze --lock-wait-timeout 1s
has "is waited for, and the table named" "$TEST_DIR/err" "sales.empty"
has "with what to do" "$TEST_DIR/err" "another session writes to it"
all_frozen() { gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U postgres --all-databases --spool "$TEST_DIR/all" --freeze --lock-wait-timeout 1s; }
exits 5 "of all databases one is frozen, and let go again" all_frozen
has "there was another" "$TEST_DIR/err" "database postgres"
exits 0 "without --freeze he is none of ours" export_shop --lock-wait-timeout 1s
hasnt "and a frozen run does not go on so" "$TEST_DIR/err" "goes on"
q src postgres "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()" >/dev/null
wait
q src postgres "create table early (a int)"
q src shop "begin; insert into sales.empty values (4, 'x'); select pg_sleep(600)" >/dev/null 2>&1 &
until_true "select exists (select from pg_locks where mode = 'RowExclusiveLock' and granted and relation = 'sales.empty'::regclass)"
gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U postgres --all-databases --spool "$TEST_DIR/all" --freeze --lock-wait-timeout 600s >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
exporter=$!
ok "the first of all databases is out, the second waits for somebody" until_true "select exists (select from pg_locks where mode = 'ShareLock' and not granted)"
has "the first was" "$TEST_DIR/err" "database postgres"
q src postgres "insert into early values (1)" &
ok "the first stays frozen for as long as it takes" until_true "select exists (select from pg_locks where mode = 'RowExclusiveLock' and not granted)"
q src postgres "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()" >/dev/null
wait "$exporter"
is "all are out" $? 0
wait
is "and then he writes" "$(q src postgres "select count(*) from early")" 1

# whoever ends the session that holds a database lets its writers go on before all of them are out
q src shop "begin; insert into sales.empty values (5, 'x'); select pg_sleep(600)" >/dev/null 2>&1 &
until_true "select exists (select from pg_locks where mode = 'RowExclusiveLock' and granted and relation = 'sales.empty'::regclass)"
gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U postgres --all-databases --spool "$TEST_DIR/all" --freeze --lock-wait-timeout 600s >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
exporter=$!
until_true "select exists (select from pg_locks where mode = 'ShareLock' and not granted)"
q src postgres "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'postgres' and application_name like 'gpm-export % holder'" >/dev/null
q src postgres "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()" >/dev/null
wait "$exporter"
is "a database that was not frozen to the end" $? 5
has "is named" "$TEST_DIR/err" "database postgres: its tables were not locked until all databases were out"
wait
exits 0 "all databases" all_frozen
hasnt "what was let go is not taken for frozen" "$TEST_DIR/err" "is out already"
hasnt "a new group begins" "$TEST_DIR/err" "goes on"
exits 2 "each table at its own moment" export_shop --freeze --snapshot table
done_testing
