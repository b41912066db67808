#!/usr/bin/env bash
# Goal of this test: several workers load one batch of one table at once; whatever dies on the way and with however
# many workers it goes on, every chunk is loaded once; a session that a dead load left behind is waited for.
# GPM_TEST_KILLS sets the number of kills (10).
kills=${GPM_TEST_KILLS:-10}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/session.sh"
. "$(dirname "$0")/tamper.sh"

pg_up src
pg_up dst
fill_shop src 200000
ok "export, without slices" export_shop -q --snapshot table
ok "push" push_shop -q
run=$(basename "$(run_dir)")
objects=$(find "$bucket/$run/data" -type f | wc -l | tr -d ' ')
lines=$(find "$bucket/$run/data" -path '*sales.lines/*' -type f | wc -l | tr -d ' ')
is "sales.lines is one batch of many chunks" "$((lines > 50))|$(find "$bucket/$run/data" -path '*sales.lines/*' -type d -name 'b*' | wc -l)" "1|1"
load_args=(load --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse)

ledger_is_exact() {
	is "$1: every chunk once in the ledger" \
		"$(q dst warehouse "select count(*), count(distinct object_key), sum(rows) from gpm.ledger")" \
		"$objects|$objects|$(q dst warehouse "select
			(select count(*) from sales.lines) + (select count(*) from sales.odd) + (select count(*) from sales.one_column) +
			(select count(*) from sales.floats) + (select count(*) from sales.orders) + 2")"
	same_shop "$1: the same rows"
}

# --- four workers on one table, none of which gets in

waits="application_name like 'gpm-import % worker' and wait_event_type = 'Lock'"
fresh_warehouse
ok "the schema" load_shop -q --schema-only
speak 7
echo "begin; lock table sales.lines in exclusive mode;" >&7
ok "sales.lines is locked" until_true "select exists (select from pg_locks where relation = 'sales.lines'::regclass and mode = 'ExclusiveLock')"
gpm-import "${load_args[@]}" -j 4 >"$TEST_DIR/load.out" 2>"$TEST_DIR/load.err" 7>&- 8>&- &
loader=$!
ok "four workers wait for it" until_true "select count(distinct pid) = 4 from pg_locks join pg_stat_activity using (pid)
	where relation = 'sales.lines'::regclass and not granted and $waits"
name_lock=$(q dst warehouse "select (classid::bigint << 32) | objid::bigint from pg_locks join pg_stat_activity using (pid)
	where locktype = 'advisory' and mode = 'ShareLock' and query like 'COPY \"sales\".\"lines\"%' limit 1")
ok "they share the lock on its name" test -n "$name_lock"
kill -TERM "$loader"
wait "$loader"
is "a signal ends them, although the server does not answer" $? 143
silent 7
is "nothing of the table is loaded" "$(q dst warehouse "select count(*) from sales.lines")" 0
exits 0 "then it is loaded" load_shop -q -j 4
ledger_is_exact "four workers"
is "in many transactions" "$(q dst warehouse "select count(distinct loaded_at) >= 12 from gpm.ledger where table_name = 'lines'")" t
fresh_warehouse
exits 0 "one worker" load_shop -q -j 1
is "takes it in several transactions too" "$(q dst warehouse "select count(distinct loaded_at) from gpm.ledger where table_name = 'lines'")" 4
ledger_is_exact "one worker"

# --- killed, and with other workers again

fresh_warehouse
hits=0
for ((i = 0; i < kills; i++)); do
	# not in a subshell: the tool itself is to be killed
	gpm-import "${load_args[@]}" -j $((i % 5 + 2)) >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
	pid=$!
	# the first time as soon as rows are in
	if [ "$i" -eq 0 ]; then
		until_true "select count(*) > 5 from gpm.ledger where table_name = 'lines'"
	else
		sleep "0.$(printf %03d $((RANDOM % 120 + 20)))"
	fi
	killed "$pid" || break
	hits=$((hits + 1))
done
ok "killed $hits times under way" test "$hits" -gt 0
exits 0 "killed with -j 2 to 6: then it ends well" load_shop -j 3
has "verified" "$TEST_DIR/out" "is verified"
ledger_is_exact "after the kills"

# --- a session that is about to commit a chunk, under another name, so that it is not ended first

first=$(find "$bucket/$run/data" -path '*sales.lines/*' -type f | sort | head -n 1)
gpm-import cat --from "file://$bucket" -t sales.lines --batch 1 --chunks 1-1 >"$TEST_DIR/first.csv" || exit 1
rows=$(wc -l <"$TEST_DIR/first.csv" | tr -d ' ')
number=$(basename "${first%/a1/*}" | sed 's/^0*\([0-9]*\)-.*/\1/')

# loads_first SQL: session 7 has loaded the first chunk, with SQL before it
loads_first() {
	fresh_warehouse
	ok "the schema" load_shop -q --schema-only
	# not the table's own key is to find what is there twice
	q dst warehouse "set client_min_messages = warning; alter table sales.lines drop constraint lines_pkey cascade"
	speak 7
	cat >&7 <<-END
		insert into gpm.tables select '$run', $number, 'sales', 'lines', 'sales.lines'::regclass, 0, 0;
		begin;
		$1;
		\\copy sales.lines from '$TEST_DIR/first.csv' csv
		insert into gpm.ledger (run, table_no, batch, seq, schema_name, table_name, object_key, stored_sha256, rows)
			values ('$run', $number, 1, 1, 'sales', 'lines',
			'${first#"$bucket/$run/"}', '$(sha256sum "$first" | cut -c 1-64)', $rows);
	END
	ok "a session has loaded a chunk" until_true "select exists (select from pg_stat_activity where application_name = 'session7'
		and state = 'idle in transaction' and query like 'insert%')"
	gpm-import "${load_args[@]}" -j 3 >"$TEST_DIR/load.out" 2>"$TEST_DIR/load.err" 7>&- 8>&- &
	loader=$!
}

# of a dead load: it holds the lock on the table's name
loads_first "select pg_advisory_xact_lock_shared($name_lock)"
ok "a load waits for it" until_true "select exists (select from pg_stat_activity where application_name = 'gpm-import $run main'
	and wait_event = 'advisory')"
has "and says so" "$TEST_DIR/load.err" "sales.lines: waiting for a session"
echo "commit;" >&7
silent 7
wait "$loader"
is "it commits: the load goes on" $? 0
ledger_is_exact "the session's chunk was left out"

# of nobody that there should be: it holds no lock, and the ledger's key decides
loads_first "select 1"
ok "a load comes to the same chunk" until_true "select exists (select from pg_stat_activity where application_name = 'gpm-import $run worker'
	and wait_event = 'transactionid')"
echo "commit;" >&7
silent 7
wait "$loader"
is "the session was first: the load gives up the table" $? 3
has "for what it has loaded twice" "$TEST_DIR/load.err" "ledger_pkey"
is "but has not" "$(q dst warehouse "select count(*) = (select sum(rows) from gpm.ledger where table_name = 'lines') from sales.lines")" t
exits 0 "the next load does the rest" load_shop -q
ledger_is_exact "the ledger's key"

# --- a session that pg_terminate_backend does not reach yet

fresh_warehouse
ok "the schema" load_shop -q --schema-only
speak 7
echo "begin; lock table sales.lines in exclusive mode;" >&7
ok "sales.lines is locked" until_true "select exists (select from pg_locks where relation = 'sales.lines'::regclass and mode = 'ExclusiveLock')"
gpm-import "${load_args[@]}" -j 2 >"$TEST_DIR/load.out" 2>"$TEST_DIR/load.err" 7>&- 8>&- &
loader=$!
ok "workers are at it" until_true "select count(*) = 2 from pg_stat_activity where $waits"
frozen=$(q dst warehouse "select min(pid) from pg_stat_activity where $waits")
signal_session STOP "$frozen"
kill -KILL "$loader"
wait "$loader" 2>/dev/null
silent 7
gpm-import "${load_args[@]}" -j 3 >"$TEST_DIR/load.out" 2>"$TEST_DIR/load.err" 7>&- 8>&- &
loader=$!
ok "the next load waits for the frozen session" until_true "select exists (select from pg_stat_activity
	where application_name = 'gpm-import $run main' and wait_event = 'advisory')"
is "and has not begun with the table" "$(q dst warehouse "select count(*) from gpm.ledger where table_name = 'lines'")" 0
signal_session CONT "$frozen"
wait "$loader"
is "it ends well" $? 0
ledger_is_exact "after a frozen session"

# --- the ledger and the run do not agree

exits 0 "a second load does nothing" load_shop -q -j 5
q dst warehouse "update gpm.ledger set stored_sha256 = repeat('0', 64) where table_name = 'lines' and seq = 40"
exits 4 "another object was loaded" load_shop -q -j 2
has "it is named" "$TEST_DIR/err" "000040.csv.zst' is not the object that was loaded"
q dst warehouse "update gpm.ledger l set stored_sha256 = '$(sha256sum "$(find "$bucket/$run/data" -path '*sales.lines/*/000040.*')" | cut -c 1-64)',
	object_key = 'data/elsewhere' where table_name = 'lines' and seq = 40"
exits 0 "the same one under another key, as where rows of an earlier run were kept" load_shop -q -j 2
q dst warehouse "update gpm.ledger set object_key = '$(cd "$bucket/$run" && echo data/*sales.lines/a1/b0001/000040.*)'
	where table_name = 'lines' and seq = 40; insert into gpm.ledger select run, table_no, batch, 999, schema_name, table_name,
	'data/more', stored_sha256, rows from gpm.ledger where table_name = 'lines' and seq = 40"
exits 4 "a chunk more than the batch has" load_shop -q -j 3
has "it is named" "$TEST_DIR/err" "the ledger has chunk 999 of batch 1, which ends with $lines"

# --- a damaged object stops its own share only; what the database refuses is told once

fresh_warehouse
cp -a "$bucket" "$TEST_DIR/good"
(cd "$bucket/$run" && flip_byte "$(find data -path '*sales.lines/*/000030.*')" 100)
exits 4 "a damaged object" load_shop -q -j 2
has "it is named" "$TEST_DIR/err" "000030.csv.zst' has another SHA-256"
is "the other shares are loaded" "$(q dst warehouse "select count(*) > $lines / 2 and count(*) < $lines from gpm.ledger where table_name = 'lines'")" t
before=$(q dst warehouse "select count(*), max(loaded_at) from gpm.ledger")
rm -rf "$bucket"
mv "$TEST_DIR/good" "$bucket"
exits 0 "mended: the rest is loaded" load_shop -q -j 5
is "and only that" "$(q dst warehouse "select count(*), max(loaded_at) from gpm.ledger where loaded_at <= '${before#*|}'")" "$before"
ledger_is_exact "a mended object"
fresh_warehouse
ok "the schema" load_shop -q --schema-only
q dst warehouse "set client_min_messages = warning; alter table sales.lines drop column note cascade"
exits 3 "a table that lacks a column" load_shop -q -j 1
is "is told once, not for every share" "$(grep -c 'sales.lines:' "$TEST_DIR/err")" 1

done_testing
