#!/usr/bin/env bash
# Goal of this test: the receiver takes the rows of a real Greenplum's writable external tables, all of them
# once, whatever the table, the row and the buffer; and of a statement that fails it says so.
#
# GPM_TEST_SOURCE: a libpq conninfo of a Greenplum whose segments run on this host, as a superuser.  A
# database is made in it and dropped again.
source=${GPM_TEST_SOURCE:-}
. "$(dirname "$0")/../lib.sh"
[ -n "$source" ] || skip_all "GPM_TEST_SOURCE names no Greenplum"
probe=$build_dir/tests/unit/receive-probe
export TMPDIR=$TEST_DIR
db=gpm_receive_$$
psql=("$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1)

"${psql[@]}" -d "$source dbname=postgres" -c "create database $db" 2>"$TEST_DIR/err" || skip_all "$(head -n 1 "$TEST_DIR/err")"
gp() {
	"${psql[@]}" -d "$source dbname=$db" "$@"
}

# --- the receiver, as a coprocess

probe_up() {
	local dir=$TEST_DIR/lanes.$RANDOM.$RANDOM

	mkdir "$dir"
	lanes=$dir
	coproc receiver { exec "$probe" "$dir" port="$(free_port)" "$@"; }
	receiver_process=$receiver_PID
	exec 7<&"${receiver[0]}"- 8>&"${receiver[1]}"-
}
ask() {
	echo "$*" >&8
	IFS= read -r answer <&7
}
probe_down() {
	exec 8>&- 7<&-
	wait "$receiver_process" 2>/dev/null
}
field() {
	jq -r ".$1" <<<"$answer"
}
# open_attempt [LANES]: $url and $attempt
open_attempt() {
	ask open "${1:-4}"
	url=$(field url) attempt=$(field id)
}
location() {
	echo "create writable external temp table w ($1) location ('$url') format 'csv' ${2:-}"
}
sorted_md5() {
	LC_ALL=C sort | md5sum | cut -c 1-32
}
wait_held() {
	while ask held && [ "$(field held)" -lt "$1" ]; do
		sleep 0.1
	done
}
cleanup() {
	[ -n "${receiver_process:-}" ] && kill -0 "$receiver_process" 2>/dev/null && kill "$receiver_process"
	"${psql[@]}" -d "$source dbname=postgres" -c "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$db'" \
		-c "drop database if exists $db" >/dev/null 2>&1
}
at_end cleanup

gp >/dev/null 2>"$TEST_DIR/err" <<'SQL' || { comment <"$TEST_DIR/err"; exit 1; }
create table heap as select i as id, md5(i::text) as a, i / 7.0::float8 as b, timestamp '2024-02-29' + i * interval '1 second' as t
	from generate_series(1, 300000) i distributed by (id);
create table ao (like heap) with (appendonly=true, compresstype=zlib) distributed by (id);
insert into ao select * from heap;
create table aoco (like heap) with (appendonly=true, orientation=column) distributed by (a);
insert into aoco select * from heap;
create table replicated (id int, a text) distributed replicated;
insert into replicated select i, md5(i::text) from generate_series(1, 5000) i;
create table randomly (id int, a text) distributed randomly;
insert into randomly select i, md5(i::text) from generate_series(1, 50000) i;
create table empty (like heap) distributed by (id);
create table one_segment (id int, a int) distributed by (a);
insert into one_segment select i, 1 from generate_series(1, 1000) i;
create table one_column (a text) distributed randomly;
insert into one_column values (null), (''), ('x'), (null), (E'\\.'), (E'\n'), (E'"');
create table nasty (id int, a text) distributed by (id);
insert into nasty select i, case i % 8 when 0 then null when 1 then '' when 2 then 'a,"b"' when 3 then E'one\ntwo\r\nthree\r'
	when 4 then '"' when 5 then E'\\.' when 6 then ' NULL ' else 'ünï' || i end from generate_series(1, 4000) i;
create table wide (id int, a text) distributed by (id);
insert into wide select i, repeat(md5(i::text), (case when i % 3 = 0 then 5 else 2 end) * 32768) from generate_series(1, 9) i;
SQL

# takes TABLE DISTRIBUTION [SETTING]: its rows arrive, each once
takes() {
	local table=$1 name=$1${3:+, $3}

	open_attempt 3
	ok "$name: the statement" gp -c "${3:+set $3}" -c "$(location "like $table" "$2")" -c begin -c "insert into w select * from $table" -c commit
	ask close "$attempt"
	is "$name: the receiver says it is whole" "$(field fine) $(field error) $(field unfinished) $(field refused)" "true  0 0"
	is "$name: the rows of COPY" "$(cat "$lanes/$attempt".* | sorted_md5)" "$(gp -c "copy (select * from $table) to stdout csv" | sorted_md5)"
}

probe_up wait_seconds=60 connections=32 memory=32MB
takes heap "distributed by (id)"
takes ao "distributed by (id)"
takes aoco "distributed by (a)"
takes heap "distributed randomly"
takes replicated "distributed randomly"
takes randomly "distributed randomly"
takes empty "distributed by (id)"
is "a table without rows: no segment says anything" "$(field segments)" 0
takes one_segment "distributed by (a)"
is "only the segment that has rows comes" "$(field segments)" 1
takes one_column "distributed randomly"
takes nasty "distributed by (id)"
takes wide "distributed by (id)"
takes heap "distributed by (id)" "writable_external_table_bufsize = '32kB'"
takes heap "distributed by (id)" "writable_external_table_bufsize = '8MB'"
takes wide "distributed by (id)" "writable_external_table_bufsize = '16MB'"

# --- the number of rows, and several statements

open_attempt
is "as many rows as the statement says" "$("$pg_bin/psql" -XAt -d "$source dbname=$db" \
	-c "$(location "like nasty")" -c "insert into w select * from nasty" 2>&1 | tail -n 1)" "INSERT 0 4000"
ask close "$attempt"

open_attempt
exits 1 "a second statement into the same location fails" gp -c "$(location "like nasty")" -c "insert into w select * from nasty" \
	-c "insert into w select * from nasty"
has "its user is told as it opens" "$TEST_DIR/err" "409 Conflict"
ask close "$attempt"
is "the first one's rows are whole" "$(field fine) $(cat "$lanes/$attempt".* | sorted_md5)" \
	"true $(gp -c "copy nasty to stdout csv" | sorted_md5)"
is "the second one was refused" "$(field first_refusal)" "another statement has begun to write to this location"

exits 1 "a location that has ended" gp -c "$(location "like nasty")" -c "insert into w select * from nasty"
has "is not found, at once" "$TEST_DIR/err" "404 Not Found"

open_attempt
url_a=$url attempt_a=$attempt
open_attempt
(url=$url_a; gp -c "$(location "like heap" "distributed by (id)")" -c "insert into w select * from heap" >"$TEST_DIR/a" 2>&1) &
gp -c "$(location "like ao" "distributed by (id)")" -c "insert into w select * from ao" >"$TEST_DIR/b" 2>&1
wait $!
want=$(gp -c "copy heap to stdout csv" | sorted_md5)
for i in "$attempt_a" "$attempt"; do
	ask close "$i"
	is "two tables at a time: attempt $i" "$(field fine) $(cat "$lanes/$i".* | sorted_md5)" "true $want"
done

# --- statements that fail

open_attempt
exits 1 "an error in the middle" gp -c "$(location "like heap" "distributed by (id)")" \
	-c "insert into w select id, a, 1 / (id - 299000), t from heap"
ask close "$attempt"
is "the receiver knows that segments did not end" "$(field fine) $([ "$(field unfinished)" -gt 0 ]; echo $?)" "false 0"

open_attempt
ask hold
gp -c "set application_name = 'canceled'" -c "$(location "like heap" "distributed by (id)")" -c "insert into w select * from heap" >/dev/null 2>"$TEST_DIR/canceled" &
wait_held 3
gp -c "select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'canceled'" >/dev/null
ask release
wait $!
has "a statement that is canceled" "$TEST_DIR/canceled" "canceling statement"
ask close "$attempt"
is "the receiver knows of it" "$(field fine) $([ "$(field unfinished)" -gt 0 ]; echo $?)" "false 0"

open_attempt
ask fail no room in the spool
exits 1 "a sink that fails" gp -c "$(location "like heap" "distributed by (id)")" -c "insert into w select * from heap"
has "fails the statement" "$TEST_DIR/err" "http response code 500"
ask fail
ask close "$attempt"
is "the reason is the sink's" "$(field fine) $(field error)" "false no room in the spool"

open_attempt
gp -c "$(location "like heap" "distributed by (id)")" -c "begin" -c "insert into w select * from heap where id < 0" -c "rollback"
ask close "$attempt"
is "no rows, no requests" "$(field fine) $(field segments)" "true 0"
probe_down

# --- slow sinks

probe_up wait_seconds=1 connections=32 memory=32MB
open_attempt 1
ask sleep 1500
gp -c "set gpfdist_retry_timeout = 60" -c "set writable_external_table_bufsize = '8MB'" -c "$(location "like heap" "distributed by (id)")" \
	-c "insert into w select * from heap" 2>"$TEST_DIR/err" || comment <"$TEST_DIR/err"
ask sleep 0
ask close "$attempt"
is "segments that are told to come again do so" "$([ "$(field again)" -gt 0 ]; echo $?) $(field fine) $(cat "$lanes/$attempt".* | sorted_md5)" \
	"0 true $want"
open_attempt 1
ask hold
exits 1 "a sink that does not come back" gp -c "set gpfdist_retry_timeout = 5" -c "$(location "like heap" "distributed by (id)")" \
	-c "insert into w select * from heap"
has "is given up when gpfdist_retry_timeout is over" "$TEST_DIR/err" "quit after"
ask release
ask close "$attempt"
is "what it did take does not count" "$(field fine)" false

# --- few connections, and short ones

probe_down
probe_up wait_seconds=60 connections=2 memory=32MB
takes heap "distributed by (id)"
takes wide "distributed by (id)"
probe_down
probe_up wait_seconds=60 connections=32 memory=32MB idle_seconds=1
open_attempt
ok "segments that say nothing for long, whose connections are closed" gp -c "set writable_external_table_bufsize = '32kB'" \
	-c "$(location "like wide")" -c "insert into w select id, repeat('x', 40000) || pg_sleep(2) from wide"
ask close "$attempt"
is "connect again" "$(field fine) $(field bodies) $(cat "$lanes/$attempt".* | wc -l)" "true 9 9"

# --- a receiver that dies

open_attempt 1
ask hold
gp -c "set gpfdist_retry_timeout = 5" -c "$(location "like heap" "distributed by (id)")" -c "insert into w select * from heap" >/dev/null 2>"$TEST_DIR/died" &
wait_held 1
kill -KILL "$receiver_process"
wait "$receiver_process" 2>/dev/null
wait $!
has "a receiver that is killed fails the statement" "$TEST_DIR/died" "quit after"
probe_down
done_testing
