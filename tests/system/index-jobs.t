#!/usr/bin/env bash
# Goal of this test: indexes and keys are built by several sessions at once, everything else in its order; what fails
# is told by its statement; a deadlock with somebody else does not fail the load.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/session.sh"

pg_up src
pg_up dst
fill_shop src 4000
# an index over sales.gate() is not built before the test lets it be
q src shop "
	create function sales.gate(int) returns int language plpgsql immutable as 'begin
		perform pg_catalog.pg_advisory_lock_shared(4711); perform pg_catalog.pg_advisory_unlock_shared(4711); return \$1; end';
	create table sales.a (i int, j int, k int); create table sales.b (like sales.a); create table sales.c (like sales.a);
	insert into sales.a select i, i, i from generate_series(1, 100) i;
	insert into sales.b select i, i, i from generate_series(1, 50000) i;
	insert into sales.c select i, i, i from generate_series(1, 100) i;
	create unique index a_gate on sales.a (sales.gate(case when i = 1 then i end)) where i = 1;
	create index a_gate_2 on sales.a (sales.gate(case when i = 1 then i end)) where i = 1;
	create index b_gate on sales.b (sales.gate(case when i = 1 then i end)) where i = 1;
	create index c_gate on sales.c (sales.gate(case when i = 1 then i end)) where i = 1;
	alter table sales.a add constraint a_key primary key (i), add constraint a_unique unique (j);
	alter table sales.c add constraint c_no_overlap exclude using btree (k with =);
	create table sales.parts (i int not null, t text) partition by range (i);
	create table sales.parts_1 partition of sales.parts for values from (0) to (1000);
	create table sales.parts_2 partition of sales.parts for values from (1000) to (2000);
	insert into sales.parts select i, md5(i::text) from generate_series(0, 1999) i;
	alter table sales.parts add primary key (i); create index on sales.parts (t);
	alter table sales.b add foreign key (i) references sales.lines (id) not valid;
	comment on index sales.a_gate is 'closed'; alter table sales.a cluster on a_key;
	alter table sales.c alter k set not null; create unique index c_identity on sales.c (k);
	alter table sales.c replica identity using index c_identity" >/dev/null || exit 1
ok "export" export_shop -q
ok "push" push_shop -q
load_args=(load --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse -q)

# the gate is a lock that session 7 holds
close_gate() {
	speak 7
	echo "select pg_advisory_lock(4711);" >&7
	ok "$1: the gate is closed" until_true "select exists (select from pg_locks where locktype = 'advisory' and objid = 4711 and granted)"
}
at_gate="select count(*) from pg_locks where locktype = 'advisory' and objid = 4711 and not granted"

same() {
	same_schema "$1: pg_dump sees the same schema"
	same_shop "$1: the same rows"
}

# --- how many at once

fresh_warehouse
close_gate "four"
gpm-import "${load_args[@]}" -j 2 --index-jobs 4 >"$TEST_DIR/out" 2>"$TEST_DIR/err" 7>&- 8>&- &
loader=$!
ok "four: indexes are built at once, two of them on one table" until_true "select ($at_gate) = 4"
is "four: keys were built before them" "$(q dst warehouse "select count(*) from pg_constraint where conname in ('a_key', 'a_unique')")" 2
is "four: foreign keys come after them" "$(q dst warehouse "select count(*) from pg_constraint where contype = 'f' and connamespace = 'sales'::regnamespace")" 0
silent 7
wait "$loader"
is "four: the load ends well" $? 0
same "four"
exits 0 "four: a second load does nothing" load_shop -q

fresh_warehouse
close_gate "as many as --jobs"
gpm-import "${load_args[@]}" -j 3 >"$TEST_DIR/out" 2>"$TEST_DIR/err" 7>&- 8>&- &
loader=$!
ok "as many as --jobs: three" until_true "select ($at_gate) = 3"
is "as many as --jobs: the largest table is among them" "$(q dst warehouse "select count(*) from pg_locks where relation = 'sales.b'::regclass and mode = 'ShareLock'")" 1
kill -TERM "$loader"
wait "$loader"
is "as many as --jobs: a signal ends it, although the indexes are not done" $? 143
is "as many as --jobs: and what the server does" "$(until_true "select ($at_gate) = 0"; echo $?)" 0
silent 7
exits 0 "as many as --jobs: the next load goes on" load_shop -q
same "as many as --jobs"

fresh_warehouse
close_gate "one"
gpm-import "${load_args[@]}" -j 3 --index-jobs 1 >"$TEST_DIR/out" 2>"$TEST_DIR/err" 7>&- 8>&- &
loader=$!
ok "one: it waits" until_true "select ($at_gate) = 1"
is "one: in the only session that there is for the schema" "$(q dst warehouse "select count(*) from pg_stat_activity where application_name like 'gpm-import % schema'")" 1
# its session is not reached by pg_terminate_backend yet
frozen=$(q dst warehouse "select pid from pg_stat_activity where application_name like 'gpm-import % schema'")
signal_session STOP "$frozen"
kill -KILL "$loader"
wait "$loader" 2>/dev/null
silent 7
gpm-import "${load_args[@]}" --index-jobs 8 >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
loader=$!
ok "one: killed, the next load waits for its session" until_true "select exists (select from pg_stat_activity
	where application_name like 'gpm-import % main' and wait_event = 'advisory')"
signal_session CONT "$frozen"
wait "$loader"
is "one: and goes on with several" $? 0
same "one"

# --- a deadlock: session 8 holds the ledger's steps and wants the table

fresh_warehouse
q dst postgres "alter database warehouse set deadlock_timeout = '5s'"
close_gate "deadlock"
gpm-import "${load_args[@]}" --index-jobs 2 >"$TEST_DIR/out" 2>"$TEST_DIR/err" 7>&- 8>&- &
loader=$!
ok "deadlock: two indexes are under way" until_true "select ($at_gate) = 2"
speak 8
echo "set deadlock_timeout = '1min'; begin; lock table gpm.steps in share mode;" >&8
ok "deadlock: another session locks the steps" until_true "select exists (select from pg_locks where relation = 'gpm.steps'::regclass and mode = 'ShareLock' and granted)"
silent 7
ok "deadlock: both want to write there" until_true "select count(*) = 2 from pg_locks where relation = 'gpm.steps'::regclass and not granted"
echo "lock table sales.b in access exclusive mode; commit;" >&8
silent 8
is "deadlock: the other session was not the victim" "$(cat "$TEST_DIR/session.8")" ""
has "deadlock: there was one" "$TEST_DIR/dst/log" "deadlock detected"
wait "$loader"
is "deadlock: the load ends well" $? 0
same "deadlock"

# --- an index that fails here

q src shop "
	create function sales.fails(int) returns int language plpgsql immutable as 'begin
		if current_database() = ''warehouse'' then raise exception ''not here''; end if; return \$1; end';
	create index b_fails on sales.b (sales.fails(i)); create index b_j on sales.b (j); create index b_k on sales.b (k)"
rm -rf "$spool" "${bucket:?}"/*
ok "a failure: export" export_shop -q --new-run
ok "a failure: push" push_shop -q
fresh_warehouse
exits 3 "an index that fails" load_shop -q --index-jobs 3
has "is told by its statement" "$TEST_DIR/err" "'CREATE INDEX \"b_fails\" ON"
has "with the reason" "$TEST_DIR/err" "not here"
is "once" "$(grep -c 'error: post-data.sql' "$TEST_DIR/err")" 1
is "the others are built" "$(q dst warehouse "select count(*) from pg_indexes where schemaname = 'sales' and tablename = 'b'")" 3
q dst warehouse "create or replace function sales.fails(int) returns int language sql immutable as 'select \$1'"
exits 0 "mended here, the next load builds it" load_shop -q
is "and it is there" "$(q dst warehouse "select count(*) from pg_indexes where schemaname = 'sales' and tablename = 'b'")" 4
exits 2 "--index-jobs 0" load_shop --index-jobs 0
exits 2 "--index-jobs 257" load_shop --index-jobs 257

done_testing
