#!/usr/bin/env bash
# Goal of this test: the segments of a real Greenplum bring their rows to gpm-export receive on other "hosts", which store them; it
# is one run, equal by content; a receiver that dies fails its table by name, and when it comes back the table is tried again;
# where the segments reach nobody, rows go through the coordinator, or the export says so before it begins a table.
#
#   GPM_TEST_SOURCE   conninfo of a superuser of a Greenplum 6 or newer where databases may be made; without it all is skipped
source_conninfo=${GPM_TEST_SOURCE:-}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
[ -n "$source_conninfo" ] || skip_all "GPM_TEST_SOURCE names no Greenplum to read"
export TMPDIR=$TEST_DIR
sql() { # DATABASE [PSQL OPTION…]
	local database=$1

	shift
	PGOPTIONS='-c client_min_messages=error' "$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -d "$source_conninfo dbname=$database" "$@"
}
wh=gpm_receive_$$
clean_up() {
	local pid

	for pid in "$TEST_DIR"/*.pid; do
		[ ! -s "$pid" ] || kill -KILL "$(<"$pid")" 2>/dev/null
	done
	sql postgres -c "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$wh'" -c "drop database if exists $wh" \
		-c "drop role if exists gpm_receive_role_$$" >/dev/null
}
at_end clean_up
sql postgres -c "create database $wh" || skip_all "GPM_TEST_SOURCE cannot be reached"
echo "# source: $(sql "$wh" -c "select version()")"
[ "$(sql "$wh" -c "select count(*) from gp_segment_configuration where content >= 0 and role = 'p'")" -ge 2 ] || skip_all "it has one segment"

key=$TEST_DIR/key
(umask 077 && od -An -tx1 -N32 /dev/urandom | tr -d ' \n' >"$key")
receiver_up() { # NAME [OPTION…]
	local port

	[ -s "$TEST_DIR/$1.port" ] || free_port >"$TEST_DIR/$1.port"
	port=$(<"$TEST_DIR/$1.port")
	gpm-export receive --listen "127.0.0.1:$port" --segment-dir "$TEST_DIR/$1" --receive-key "$key" "${@:2}" >>"$TEST_DIR/$1.log" 2>&1 &
	echo $! >"$TEST_DIR/$1.pid"
	until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
		kill -0 $! 2>/dev/null || return 1
		sleep 0.05
	done
}
receiver_kill() {
	kill -KILL "$(<"$TEST_DIR/$1.pid")"
	wait "$(<"$TEST_DIR/$1.pid")" 2>/dev/null
}
# to_receivers [OPTION…]; in the background it is exec_receivers, so that what is killed is the program
to_receivers() { (exec_receivers "$@"); }
exec_receivers() {
	exec gpm-export -d "$source_conninfo dbname=$wh" --spool "$spool" --data-only --small-table 0 --receiver "127.0.0.1:$(<"$TEST_DIR/a.port")" \
		--receiver "127.0.0.1:$(<"$TEST_DIR/b.port")" --part a=0 --part b=1 --receive-key "$key" --chunk-size 1MB "$@"
}
host_part() { push_shop --host-part "$1" --segment-dir "$TEST_DIR/$1" "${@:2}"; }
new_run() { rm -rf "$spool" "${bucket:?}"/*; }
sql "$wh" -c "create table t (id int, b text, f float8) distributed by (id);
	insert into t select i, md5(i::text), i / 7.0 from generate_series(1, 200000) i;
	create table u (id int, b text) distributed randomly; insert into u select i, repeat('x', i % 3000) from generate_series(1, 3000) i;
	create table ao (like t) with (appendonly=true, orientation=column) distributed by (b); insert into ao select * from t;
	create table one (id int, a int) distributed by (a); insert into one select i, 1 from generate_series(1, 1000) i;
	create table everywhere (id int, b text) distributed replicated; insert into everywhere select i, 'x' from generate_series(1, 1000) i;
	create table empty (like t) distributed by (id);
	create table wide (id int, b text) distributed by (id); insert into wide select i, repeat(md5(i::text), 160000) from generate_series(1, 5) i"

# load_and_compare WHAT: the run in the bucket, in a database of our own
pg_up dst
load_and_compare() {
	local what=$1 table a b

	q dst postgres "drop database if exists warehouse"
	q dst postgres "create database warehouse"
	q dst warehouse "create table t (id int, b text, f float8); create table u (id int, b text); create table ao (like t);
		create table one (id int, a int); create table everywhere (id int, b text); create table empty (like t); create table wide (id int, b text)"
	exits 0 "$what: load" load_shop --data-only --verify content
	for table in t u ao one everywhere empty wide; do
		a=$(sql "$wh" -c "set extra_float_digits = 0; copy (select * from $table) to stdout" | LC_ALL=C sort | md5sum)
		b=$(q dst warehouse "set extra_float_digits = 0; copy (select * from $table) to stdout" | LC_ALL=C sort | md5sum)
		is "$what: $table" "$b" "$a"
	done
}
join_run() { # WHAT
	exits 0 "$1: the export's host" push_shop
	exits 0 "$1: a receiver's part" host_part a
	exits 0 "$1: the other's" host_part b
	exits 0 "$1: seal" push_shop --seal
	exits 0 "$1: verify" verify_shop --full
	is "$1: nothing is left at the receivers" "$(find "$TEST_DIR/a" "$TEST_DIR/b" -type f)" ""
}

receiver_up a
receiver_up b
exits 0 "an export to two receivers" to_receivers -j 3
is "its spool has no rows" "$(find "$spool" -name '*.csv')" ""
is "the receivers have" "$([ -n "$(ls "$TEST_DIR/a")" ] && [ -n "$(ls "$TEST_DIR/b")" ]; echo $?)" 0
is "all by gpfdist" "$(jq -r 'select(.rec == "done") | .method' "$spool"/*/export.jsonl | sort -u)" gpfdist
join_run "two receivers"
load_and_compare "two receivers"

# --- an export and receivers that die

new_run
for i in 1 2 3; do
	exec_receivers -q -j 2 >/dev/null 2>&1 &
	exporter=$!
	sleep "0.$((RANDOM % 9 + 1))"
	kill -KILL "$exporter" 2>/dev/null
	wait "$exporter" 2>/dev/null && break
done
if ! jq -e 'select(.rec == "end")' "$spool"/*/export.jsonl >/dev/null 2>&1; then
	exits 0 "an export goes on that was killed" to_receivers -j 2
fi
join_run "deaths"

new_run
sql "$wh" -c "create table slow_one (id int) distributed by (id); insert into slow_one select i from generate_series(1, 100000) i" || exit 1
exec_receivers -t t -t slow_one -t ao -j 1 -q >"$TEST_DIR/out" 2>"$TEST_DIR/killed.err" &
exporter=$!
for i in 1 2 3; do
	until [ -n "$(find "$TEST_DIR/b" -type f)" ] || ! kill -0 "$exporter" 2>/dev/null; do sleep 0.01; done
	kill -0 "$exporter" 2>/dev/null || break
	receiver_kill b
	receiver_up b
	sleep 0.1
done
wait "$exporter"
is "an export whose receiver was killed and came back" "$?" 0
comment <"$TEST_DIR/killed.err"
is "no token is in what it said" "$(grep -cE '/[0-9a-f]{32}' "$TEST_DIR/killed.err")" 0
exits 0 "the export's host" push_shop
exits 0 "a receiver's part" host_part a
exits 0 "the other's" host_part b
exits 0 "seal" push_shop --seal
exits 0 "verify" verify_shop --full
for table in t slow_one ao; do
	is "each row once: $table" "$(jq -r --arg t "$table" 'select(.rec == "done" or .rec == "table") | if .rec == "table" then .name else .rows end' \
		"$(run_dir)"tables/*."$table".jsonl | tail -n 1)" "$(sql "$wh" -c "select count(*) from $table")"
done

sql "$wh" -c "drop table slow_one"

# --- what fails at one receiver, while rows of the table wait there for room

filler=gpm-20261120T231816Z-9f3a1c-000001-public.t-a1-7.csv # a run of the past
attempts() { jq -c 'select(.rec == "attempt" or .rec == "done") | [.rec, .attempt]' "$spool"/*/export.jsonl | paste -sd ' '; }
new_run
receiver_kill b
: >"$TEST_DIR/b.log"
truncate -s 20M "$TEST_DIR/b/$filler"
receiver_up b --spool-limit 20MB
exec_receivers -t t -j 1 >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
exporter=$!
until grep -q 'is full; waiting for gpm-push --host-part' "$TEST_DIR/b.log" || ! kill -0 "$exporter" 2>/dev/null; do sleep 0.05; done
ok "rows of a table wait" kill -0 "$exporter"
find "$TEST_DIR/b" -name '*-a1-1.csv' -delete
until [ -n "$(find "$TEST_DIR/b" -name '*-a2-1.csv')" ] || ! kill -0 "$exporter" 2>/dev/null; do sleep 0.05; done
rm "$TEST_DIR/b/$filler"
wait "$exporter"
is "a file that is gone: the export ends well" $? 0
is "by another attempt" "$(attempts)" '["attempt",1] ["attempt",2] ["done",2]'
exits 0 "the export's host" push_shop
exits 0 "a receiver's part" host_part a
exits 0 "the other's" host_part b
exits 0 "seal" push_shop --seal
is "each row once" "$(jq -r 'select(.rec == "done") | .rows' "$(run_dir)"tables/*.t.jsonl | tail -n 1)" 200000

# --- nobody there

new_run
receiver_kill b
exits 1 "a receiver that is not there" to_receivers
has "is told before a table is begun" "$TEST_DIR/err" "the segments cannot send their rows"
is "none was" "$(jq -r 'select(.rec == "attempt") | .table' "$spool"/*/export.jsonl)" ""
receiver_up b
(umask 077 && od -An -tx1 -N32 /dev/urandom | tr -d ' \n' >"$TEST_DIR/other")
exits 1 "receivers that know another key" to_receivers --receive-key "$TEST_DIR/other"
exits 2 "no key" gpm-export -d "$source_conninfo dbname=$wh" --spool "$spool" --data-only --receiver 127.0.0.1:7
exits 2 "an own address as well" to_receivers --listen 127.0.0.1
exits 2 "a receiver without a port" to_receivers --receiver 127.0.0.1

# In a network of its own, gpm-export reaches the coordinator by its socket, and no segment reaches gpm-export.
alone() {
	unshare -n sh -c 'ip link set lo up && exec "$@"' sh gpm-export -d "$source_conninfo dbname=$wh host=$socket" --spool "$spool" \
		--data-only --small-table 0 --new-run "$@"
}
socket=$(sql "$wh" -c "show unix_socket_directories" | cut -d , -f 1)
if unshare -n ip link set lo up 2>/dev/null && "$pg_bin/psql" -XAtqc "select 1" -d "$source_conninfo dbname=$wh host=$socket" >/dev/null 2>&1; then
	new_run
	exits 0 "segments that cannot reach this host" alone
	has "it is told what is done" "$TEST_DIR/err" "all rows go through the coordinator, which is slower: the segments cannot send their rows"
	has "and what could be" "$TEST_DIR/err" "--listen HOST[:PORT] names this host"
	is "all rows by copy" "$(jq -r 'select(.rec == "done") | .method' "$spool"/*/export.jsonl | sort -u)" copy
	exits 0 "push" push_shop
	q dst postgres "drop database if exists warehouse"
	load_and_compare "through the coordinator"
	exits 1 "by gpfdist alone" alone --method gpfdist
	has "it is an error" "$TEST_DIR/err" "error: the segments cannot send their rows"

	# while they try, which takes ten seconds
	tries="select count(*) from pg_stat_activity where datname = '$wh' and application_name like 'gpm-export % reach' and query like 'INSERT%'"
	# end_while_trying COMMAND…: what ends the try; the export's exit status
	end_while_trying() {
		unshare -n sh -c 'ip link set lo up && exec "$@"' sh gpm-export -d "$source_conninfo dbname=$wh host=$socket" --spool "$spool" \
			--data-only --small-table 0 --new-run >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
		exporter=$!
		until [ "$(sql "$wh" -c "$tries")" = 1 ] || ! kill -0 "$exporter" 2>/dev/null; do sleep 0.1; done
		"$@"
		wait "$exporter"
	}
	end_by_signal() { kill -TERM "$exporter"; }
	end_session() {
		sql "$wh" -c "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$wh' and application_name like 'gpm-export % reach'" >/dev/null
	}
	end_while_trying end_by_signal
	is "a signal meanwhile" $? 143
	hasnt "ends the export" "$TEST_DIR/err" "through the coordinator"
	is "at once" "$(sql "$wh" -c "$tries")" 0
	end_while_trying end_session
	is "a session that is lost meanwhile" $? 5
	hasnt "says nothing about the segments" "$TEST_DIR/err" "through the coordinator"
else
	echo "# no network of its own, or no socket of the coordinator: rows that segments cannot send were not tried"
fi

new_run
role=gpm_receive_role_$$
sql "$wh" -c "create role $role login resource queue pg_default" -c "grant select on all tables in schema public to $role"
exits 1 "a user who may not make external tables" gpm-export -d "$source_conninfo dbname=$wh user=$role" --spool "$spool" --data-only
has "is told what he needs" "$TEST_DIR/err" "ALTER ROLE … CREATEEXTTABLE (type = 'writable', protocol = 'gpfdist'), or --method copy"
hasnt "and is no reason for another way" "$TEST_DIR/err" "through the coordinator"
done_testing
