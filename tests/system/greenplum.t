#!/usr/bin/env bash
# Goal of this test: a real Greenplum 6 is taken out in one snapshot through its coordinator, and arrives: in PostgreSQL,
# and in another database of the same Greenplum, whose schema psql restored from the run.
#
#   GPM_TEST_SOURCE       conninfo of a superuser of a Greenplum 6 where databases and roles may be made; without it all
#                         is skipped
#   GPM_TEST_CLIENT_BIN   the bin folder of its installation (pg_dump, pg_dumpall); default $GPHOME/bin
#   GPM_TEST_DESTINATION  conninfo of another server to load into; default: a private PostgreSQL
source_conninfo=${GPM_TEST_SOURCE:-} destination=${GPM_TEST_DESTINATION:-}
client_bin=${GPM_TEST_CLIENT_BIN:-${GPHOME:-}/bin}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

[ -n "$source_conninfo" ] || skip_all "GPM_TEST_SOURCE names no Greenplum to read"
[ -x "$client_bin/pg_dump" ] || skip_all "GPM_TEST_CLIENT_BIN names no folder with Greenplum's pg_dump"

# --- words

sql() { # CONNINFO DATABASE [PSQL OPTION…]
	local conninfo=$1 database=$2

	shift 2
	PGOPTIONS='-c client_min_messages=error' "$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -d "$conninfo dbname=$database" "$@"
}
src() { sql "$source_conninfo" "$wh" -c "$1"; }
dst() { sql "$destination" "$1" -c "$2"; }

# drop CONNINFO DATABASE: whoever is still connected goes first
drop() {
	sql "$1" postgres -c "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$2'" \
		-c "drop database if exists $2" >/dev/null
}

# ROWS of a query, in any order, as one hash; extra_float_digits is as the server has it
md5_of() { # CONNINFO DATABASE QUERY
	(
		set -o pipefail
		sql "$1" "$2" -c "copy ($3) to stdout" | LC_ALL=C sort | md5sum | cut -c 1-32
	)
}

[[ $(sql "$source_conninfo" postgres -c "select version()") == *"Greenplum Database 6"* ]] || skip_all "GPM_TEST_SOURCE is no Greenplum 6; greenplum7.t is for later ones"
wh=gpm_test_$$ back=gpm_test_${$}_back
clean_up() {
	drop "$source_conninfo" "$wh"
	drop "$source_conninfo" "$back"
	[ -n "$destination" ] && drop "$destination" "${wh}_dst"
	sql "$source_conninfo" postgres -c 'drop role if exists "gpm test owner"' -c 'drop role if exists gpm_test_reader' >/dev/null
}
at_end clean_up

export_args=(-d "$source_conninfo dbname=$wh" --spool "$spool" --client-bin "$client_bin" --chunk-size 64KB)
export_wh() {
	gpm-export "${export_args[@]}" "$@"
}
new_run() { rm -rf "$spool" "${bucket:?}"/*; }
journal() { printf '%s\n' "$spool"/*/export.jsonl; }

# load_into CONNINFO DATABASE [OPTION…]; check_in the same
load_into() {
	local conninfo=$1 database=$2

	shift 2
	gpm-import load --data-only --from "file://$bucket" -d "$conninfo dbname=$database" "$@"
}
check_in() {
	local conninfo=$1 database=$2

	shift 2
	gpm-import check --from "file://$bucket" -d "$conninfo dbname=$database" "$@"
}

# CREATE TABLE for each table of the run in the bucket, after its record: plain tables, partitions too
tables_sql() {
	cat "$(run_dir)"tables/*.jsonl | jq -r 'def ident: "\"" + gsub("\""; "\"\"") + "\"";
		select(.rec == "table") | "create schema if not exists \(.schema | ident);",
		"create table \(.schema | ident).\(.name | ident) (\([.columns[]? | "\(.name | ident) \(.type)"] | join(", ")));"'
}

# fresh_back: a database of the source's server, with the run's pre-data, by psql
fresh_back() {
	drop "$source_conninfo" "$back"
	sql "$source_conninfo" postgres -c "create database $back"
	sql "$source_conninfo" "$back" -c "create schema sales" # pg_dump -t does not
	PGOPTIONS='-c client_min_messages=error' "$pg_bin/psql" -Xq -d "$source_conninfo dbname=$back" \
		-f "$(printf '%s\n' "$spool"/*/schema/pre-data.sql)" >"$TEST_DIR/restore.out" 2>"$TEST_DIR/restore.err"
}

# same_back QUERY…: each gives the same rows in both databases of the source's server
same_back() {
	local query

	for query; do
		is "the same rows, asked by psql: $query" "$(md5_of "$source_conninfo" "$back" "$query")" \
			"$(md5_of "$source_conninfo" "$wh" "$query")"
	done
}

# until_true SQL: polls the source, for at most a minute
until_true() {
	local i

	for ((i = 0; i < 600; i++)); do
		[ "$(src "$1")" = t ] && return
		sleep 0.1
	done
	return 1
}

# killed N COMMAND…: N times at any moment, or until it comes to its end before that, which is told by 1
killed() {
	local n=$1 i pid

	shift
	for ((i = 0; i < n; i++)); do
		"$@" >"$TEST_DIR/out" 2>&1 &
		pid=$!
		# the first time nothing is finished yet
		sleep "$((i > 0 ? RANDOM % 4 : 0)).$((RANDOM % 10))"
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null || continue
		return 1
	done
}
# goes_on NAME N COMMAND…: a run that was killed comes to its end
goes_on() {
	local name=$1 n=$2

	shift 2
	if killed "$n" "$@"; then
		exits 0 "$name" "$@"
	else
		ok "$name" true
	fi
}

# --- a warehouse

sql "$source_conninfo" postgres -c 'drop role if exists "gpm test owner"' -c 'drop role if exists gpm_test_reader' \
	-c "create role \"gpm test owner\" login password 'se''cret\\x'" \
	-c "create role gpm_test_reader login password 'md5deadbeefdeadbeefdeadbeefdeadbeef' valid until '2030-01-01'" \
	-c "comment on role gpm_test_reader is 'PASSWORD ''stays'''" -c "create database $wh"
sql "$source_conninfo" "$wh" -f "$tests_dir/system/greenplum.sql" >/dev/null || exit 1
echo "# source: $(src "select version()")"
if [ -z "$destination" ]; then
	pg_up dst
	destination="host=$(pg_host dst) port=$(pg_port dst) user=postgres"
fi
sql "$destination" postgres -c "create database ${wh}_dst"
echo "# destination: $(sql "$destination" postgres -c "select version()")"

# what the catalog says by another question than the exporter's: all that is no parent of partitions, and stored here
leaves="select count(*) from pg_class c join pg_namespace n on n.oid = relnamespace where relkind = 'r' and nspname in ('sales', 'Odd \"Schema\"')
	and not exists (select 1 from pg_partitions p where (p.schemaname, p.tablename) = (nspname, relname) or p.parentpartitiontablename = relname)
	and not exists (select 1 from pg_exttable where reloid = c.oid)"
tables=$(src "$leaves")

# --- before the export

exits 0 "preflight" gpm-export preflight -d "$source_conninfo dbname=$wh" --spool "$spool" --client-bin "$client_bin"
has "who it is" "$TEST_DIR/out" "Greenplum Database 6"
has "its segments and storages" "$TEST_DIR/out" "segments; tables by storage: "
has "external tables" "$TEST_DIR/out" "warning  4 foreign and external tables"
has "how rows leave" "$TEST_DIR/out" "rows leave from the segments (gpfdist), those of tables below 32.0 MB through the coordinator"
exits 0 "by another method" gpm-export preflight -d "$source_conninfo dbname=$wh" --spool "$spool" --client-bin "$client_bin" --method copy
has "it is told" "$TEST_DIR/out" "rows leave through the coordinator by COPY"
exits 1 "PostgreSQL's pg_dump is refused" export_wh --client-bin "$pg_bin"
has "because of what it would lose" "$TEST_DIR/err" "it would lose the distribution"
exits 0 "rows alone need no pg_dump" export_wh --client-bin "$pg_bin" --data-only -t sales.replicated
exits 0 "a partitioned table brings its partitions" export_wh --data-only -t sales.visits
has "those of the second level, and no other" "$TEST_DIR/err" ": 9 tables, 9,000 rows"
sql "$source_conninfo" "$wh" -c "alter role gpm_test_reader set zero_damaged_pages = on"
exits 1 "a user for whom damaged rows are left out" export_wh -d "$source_conninfo dbname=$wh user=gpm_test_reader" --data-only
has "is told" "$TEST_DIR/err" "zero_damaged_pages is on"
new_run

# --- there

exits 0 "export" export_wh -j 4
has "all tables" "$TEST_DIR/err" ": $tables tables, "
has "an external table is told" "$TEST_DIR/err" "sales.ext_in is passed over: external table, its rows are behind gpfdist"
has "a writable one" "$TEST_DIR/err" "sales.ext_out is passed over: writable external table"
has "a program" "$TEST_DIR/err" "sales.ext_web is passed over: external web table"
has "a partition" "$TEST_DIR/err" "sales.ordersx_1_prt_a is passed over: external partition"
hasnt "no secret is told" "$TEST_DIR/err" pa55
hasnt "nor journalled" "$(journal)" pa55
globals=$(printf '%s\n' "$spool"/*/schema/globals.sql)
is "no password of a role is in the run" "$(grep -rlE 'deadbeef|cret' "$globals" "$(journal)")" ""
has "the rest of the role is" "$globals" "VALID UNTIL '2030-01-01"
has "and its comment" "$globals" "'PASSWORD ''stays'''"
has "and its queue" "$globals" "RESOURCE QUEUE"
record() { jq -r "select(.rec == \"table\" and .name == \"$1\") | $2" "$(journal)"; }
is "a leaf of two levels" "$(record visits_1_prt_eu_2_prt_3 '[.kind, .root_schema, .root_name] | join(" ")')" "leaf sales visits"
is "its storage" "$(record visits_1_prt_eu_2_prt_3 .storage)" "ao_column (appendonly=true, orientation=column)"
is "a distribution" "$(record aoco .distribution)" "DISTRIBUTED BY (order_id, sku)"
is "one by another hash" "$(record legacy .distribution)" "DISTRIBUTED BY (a cdbhash_int4_ops)"
is "a replicated table" "$(record replicated .distribution)" "DISTRIBUTED REPLICATED"
is "the hash of tables without a name for it" "$(jq -r 'select(.rec == "run") | .settings.gp_use_legacy_hashops' "$(journal)")" off
is "the system" "$(jq -r 'select(.rec == "run") | .system' "$(journal)")" Greenplum
exits 0 "push" push_shop -q --keep
exits 0 "verify" verify_shop --full

# --- into another system

tables_sql >"$TEST_DIR/tables.sql"
sql "$destination" "${wh}_dst" -c "create schema sales; create type sales.mood as enum ('sad', 'ok', 'it''s');
	create type sales.addr as (street text, at point); create domain sales.posint as int; create extension citext;
	create sequence sales.alone minvalue -1000; create sequence sales.heap_id_seq" \
	-c "set client_min_messages = error" -f "$TEST_DIR/tables.sql" \
	-c "create materialized view sales.totals as select n % 3 as k, count(*) from sales.random group by 1" || exit 1
exits 0 "load into the destination" load_into "$destination" "${wh}_dst" --verify content -j 3
has "verified by content" "$TEST_DIR/out" "is verified by content: $tables tables"
tail -n 1 "$TEST_DIR/out" | comment
exits 0 "check it by content" check_in "$destination" "${wh}_dst" --verify content
for query in 'select * from sales.aoco' 'select * from sales.ao' 'select * from only sales.parent' 'select * from sales.replicated' \
	'select m, p, (a).street from sales.by_enum' 'select * from sales.one_column' 'select * from "Odd ""Schema"""."Table.with dots"' \
	'select id, md5(t), v, c, b, n, d, ts, tm, tmz, iv, bo, j::text, jb, ia, ta, u, ip, ci, ma, bt, vb, r, nr, si, bi, q, tv, na, oi from sales.nasty'; do
	is "the same rows, asked by psql: ${query:0:40}" "$(md5_of "$destination" "${wh}_dst" "$query")" "$(md5_of "$source_conninfo" "$wh" "$query")"
done
is "floats to the last bit" "$(sql "$destination" "${wh}_dst" -c "select id, float8send(f8), float4send(f4) from sales.nasty where id >= 100 order by 1")" \
	"$(src "select id, float8send(f8), float4send(f4) from sales.nasty where id >= 100 order by 1")"
is "a partition" "$(md5_of "$destination" "${wh}_dst" 'select * from sales.visits_1_prt_us_2_prt_other_d')" \
	"$(md5_of "$source_conninfo" "$wh" 'select * from sales.visits_1_prt_us_2_prt_other_d')"
sql "$destination" "${wh}_dst" -c "update sales.heap set score = score * (1 + 1e-15::float8) where id = 77"
exits 4 "one bit of one row" check_in "$destination" "${wh}_dst" --verify content
has "is seen" "$TEST_DIR/err" "sales.heap"

# --- back into the same system

fresh_back
is "psql restores the schema; what it does not is the dump's own mistake" \
	"$(grep ERROR "$TEST_DIR/restore.err" | grep -vE '_external_partition_|schema "sales" already exists')" ""
is "distribution and partitions are restored" \
	"$(sql "$source_conninfo" "$back" -c "$leaves" -c "select pg_get_table_distributedby('sales.aoco'::regclass)")" \
	"$tables"$'\n'"DISTRIBUTED BY (order_id, sku)"
exits 0 "load" load_into "$source_conninfo" "$back" --verify content -j 3
has "verified by content" "$TEST_DIR/out" "is verified by content: $tables tables"
tail -n 1 "$TEST_DIR/out" | comment
exits 0 "check it by content" check_in "$source_conninfo" "$back" --verify content
same_back 'select * from sales.heap' 'select * from sales.orders' 'select * from sales.visits' 'select * from sales.nasty' \
	'select * from sales.v' 'select * from sales.totals'
is "a sequence goes on" "$(sql "$source_conninfo" "$back" -c "select nextval('sales.heap_id_seq'), nextval('sales.alone')")" "30001|-10"
exits 0 "a second load changes nothing" load_into "$source_conninfo" "$back"
same_back 'select * from sales.heap'
sql "$source_conninfo" "$back" -c "update sales.aoco set note = 'other' where order_id = 7 and sku = 'SKU-21'"
exits 4 "another text in one row" check_in "$source_conninfo" "$back" --verify content
has "is seen" "$TEST_DIR/err" "sales.aoco"

# --- a segment at a time

# writers TABLE: how many wrote batches of it in the spool
writers() {
	find "$spool" -path "*$1/*" -name 'b[0-9]*' | sed 's|.*/b||' | awk '{ print int(($1 - 1) / 10000) }' | sort -un | wc -l
}
# arrived NAME TABLE…: push, load into a fresh database, and compare
arrived() {
	local name=$1

	shift
	rm -rf "${bucket:?}"/*
	fresh_back
	ok "$name: push" push_shop -q --keep
	ok "$name: load" load_into "$source_conninfo" "$back" --verify content -j 3
	same_back "${@/#/select * from }"
}

segments=$(src "select count(*) from gp_segment_configuration where content >= 0 and role = 'p'")
new_run
exits 0 "export big tables by several workers" export_wh --method copy -j 4 -t sales.heap -t sales.aoco -t sales.replicated --chunk-size 16KB
is "each segment of a heap is a slice" "$(writers sales.heap)" "$segments"
is "and of columns" "$(writers sales.aoco)" "$segments"
is "a replicated table is one" "$(writers sales.replicated)" 1
arrived "slices" sales.heap sales.aoco sales.replicated
new_run
exits 0 "export several segments in a slice" export_wh --method copy -j 4 -t sales.heap --chunk-size 400KB
is "it has fewer" "$(writers sales.heap)" 2
arrived "slices of several" sales.heap
new_run
exits 0 "export by one worker" export_wh --method copy -j 1 -t sales.heap --chunk-size 16KB
is "which splits nothing" "$(writers sales.heap)" 1

# --- rows straight from the segments

new_run
exits 0 "export: the segments send their rows" export_wh -j 3 --small-table 0
is "every table with columns leaves so" "$(jq -r 'select(.rec == "done") | .method' "$(journal)" | sort -u)" "$(printf 'copy\ngpfdist')"
is "those without columns by COPY" "$(jq -r 'select(.rec == "done" and .method == "copy") | .table' "$(journal)" | sort)" \
	"$(jq -r 'select(.rec == "table" and (.columns | length) == 0) | .table' "$(journal)" | sort)"
arrived "segments" sales.heap sales.ao sales.aoco sales.orders sales.visits sales.replicated sales.nasty sales.random
new_run
exits 0 "two addresses, little memory, small chunks" export_wh -j 2 --small-table 0 --listen 127.0.0.1 --listen 127.0.0.2 --memory 24MB --chunk-size 16KB
arrived "two addresses" sales.heap sales.ao sales.aoco sales.orders sales.visits sales.replicated sales.nasty sales.random
new_run
exits 2 "memory that does not do" export_wh --small-table 0 --memory 1MB
has "it is said how much would" "$TEST_DIR/err" "at least"
new_run
exits 1 "an address that is not of this host" export_wh -j 1 --data-only --small-table 0 -t sales.heap --listen 192.0.2.1
new_run
is "no external table is left" "$(src "select count(*) from pg_exttable e join pg_class c on c.oid = e.reloid where c.relname = 'gpm_out'")" 0

# --- rows that never pass this host

pieces=$TEST_DIR/pieces
mkdir -m 777 "$pieces"
others=$(seq -s , 1 $((segments - 1)))
big=(sales.heap sales.ao sales.aoco sales.orders sales.visits sales.replicated sales.nasty sales.random sales.one_column '"Odd ""Schema"""."Table.with dots"')

# parts_arrived NAME TABLE…: two hosts push, one seals; load into a fresh database, and compare
parts_arrived() {
	local name=$1 host

	shift
	rm -rf "${bucket:?}"/*
	fresh_back
	ok "$name: push" push_shop -q
	for host in a b; do
		ok "$name: the part of $host" push_shop -q --host-part "$host" --segment-dir "$pieces"
	done
	ok "$name: seal" push_shop -q --seal
	is "$name: no file is left" "$(find "$pieces" -type f)" ""
	ok "$name: load" load_into "$source_conninfo" "$back" --verify content -j 3
	same_back "${@/#/select * from }"
}

new_run
on_segment=(--method on-segment --segment-dir "$pieces" --small-table 0 --part a=0 --part "b=$others" --chunk-size 16KB)
exits 0 "export: each segment writes its rows itself" export_wh "${on_segment[@]}" -j 3
is "a table has a file for each segment" "$(find "$pieces" -name '*-sales.aoco-a1-*' | wc -l)" "$segments"
is "a replicated one has none" "$(find "$pieces" -name '*sales.replicated*')" ""
parts_arrived "on segment" "${big[@]}"
sql "$source_conninfo" "$wh" -c "alter role gpm_test_reader reset all"
new_run
exits 1 "who is no superuser" export_wh -d "$source_conninfo dbname=$wh user=gpm_test_reader" --data-only --method on-segment -t pg_catalog.none
new_run
exits 2 "a segment that nobody brings" export_wh --data-only --method on-segment --part a=0 -t sales.heap
has "is named" "$TEST_DIR/err" "no --part names segment 1"

new_run
before=$(for table in heap random; do md5_of "$source_conninfo" "$wh" "select * from sales.$table"; done)
make_gate "$client_bin"
stand_at_gate pg_dump export_wh "${on_segment[@]}" --client-bin "$TEST_DIR/bin"
is "an export has its snapshot" $? 0
ok "rows change" src "delete from sales.random where n % 3 = 0; update sales.random set l = 'later'; delete from sales.heap where id % 2 = 0"
rm "$TEST_DIR/gate"
wait "$exporter"
is "the export ends well" $? 0
rm -rf "${TEST_DIR:?}/bin"
parts_arrived "a moment before" sales.aoco
is "every file is of the export's moment" "$(for table in heap random; do md5_of "$source_conninfo" "$back" "select * from sales.$table"; done)" "$before"

new_run
goes_on "an export goes on that was killed" 3 gpm-export "${export_args[@]}" -q --data-only "${on_segment[@]}"
rm -rf "${bucket:?}"/*
ok "push" push_shop -q
ok "a part" push_shop -q --host-part a --segment-dir "$pieces"
ok "the other" push_shop -q --host-part b --segment-dir "$pieces"
is "what the dead ones left is gone too" "$(find "$pieces" -type f)" ""
ok "seal" push_shop -q --seal
ok "verify" verify_shop --full

if [ -x "$client_bin/gpfdist" ]; then
	gpfdists=()
	urls=()
	for i in 1 2; do
		port=$(free_port)
		mkdir -p "$pieces/$i"
		LD_LIBRARY_PATH=$client_bin/../lib "$client_bin/gpfdist" -d "$pieces" -p "$port" -m 1048576 >"$TEST_DIR/gpfdist.$i" 2>&1 &
		gpfdists+=($!)
		urls+=(--gpfdist-url "gpfdist://127.0.0.1:$port/$i")
		until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
			kill -0 $! || break
			sleep 0.1
		done
	done
	new_run
	by_url=(--method gpfdist-url "${urls[@]}" --part a=0 --part b=1 --small-table 0 --chunk-size 16KB)
	exits 0 "export: through the site's gpfdists" export_wh "${by_url[@]}" -T sales.nasty -j 3
	push_shop() { gpm-push --spool "$spool" --to "file://$bucket" --segment-dir "$pieces/1" --segment-dir "$pieces/2" "$@"; }
	parts_arrived "gpfdists" "${big[@]/sales.nasty/sales.ci}"
	new_run
	exits 3 "a row that is longer than gpfdist takes" export_wh "${by_url[@]}" --data-only -t sales.nasty -t sales.heap
	has "fails its table, which is named" "$TEST_DIR/err" "sales.nasty: a gpfdist refuses rows"
	ok "the rest is stored" push_shop -q
	ok "by one" push_shop -q --host-part a
	ok "and the other" push_shop -q --host-part b
	ok "and sealed" push_shop -q --seal
	is "nothing is left of the attempts that failed" "$(find "$pieces" -type f)" ""
	kill "${gpfdists[@]}"
	wait "${gpfdists[@]}" 2>/dev/null
	new_run
	# by the database: of a session's options the segments do not hear
	sql "$source_conninfo" postgres -c "alter database $wh set gpfdist_retry_timeout = 1"
	exits 5 "a gpfdist that is not there" export_wh "${by_url[@]}" --data-only -t sales.heap
	sql "$source_conninfo" postgres -c "alter database $wh reset gpfdist_retry_timeout"
else
	echo "# no gpfdist in $client_bin: --method gpfdist-url was not tried"
fi

# --- what others do meanwhile

make_gate "$client_bin"

# later SQL: in the background; what it says goes into $TEST_DIR/later
later() {
	src "$1" >>"$TEST_DIR/later" 2>&1 &
}
waiting() { until_true "select count(*) >= $1 from pg_locks where mode = 'AccessExclusiveLock' and not granted and gp_segment_id = -1"; }

src "create table sales.newcomer (id bigint, odate date not null, total numeric(12,2)) distributed by (id); alter table sales.newcomer owner to \"gpm test owner\""
before=$(for table in heap ao aoco orders_1_prt_5 random; do md5_of "$source_conninfo" "$wh" "select * from sales.$table"; done)
new_run
rm -f "$TEST_DIR/later"
# with sessions whose segments' processes end when they are idle
PGOPTIONS='-c gp_vmem_idle_resource_timeout=500' stand_at_gate pg_dumpall export_wh -j 3 --client-bin "$TEST_DIR/bin"
is "an export has its snapshot" $? 0
ok "rows change" src "delete from sales.random where n % 2 = 0; update sales.random set l = 'changed'"
ok "and are swept away" sql "$source_conninfo" "$wh" -c "vacuum sales.random"
later "truncate sales.ao"
later "alter table sales.aoco alter price type text"
later "alter table sales.orders exchange partition for ('2023-04-05') with table sales.newcomer"
later "alter table sales.heap set with (reorganize=true)"
ok "TRUNCATE, ALTER TYPE, EXCHANGE PARTITION and reorganize wait" waiting 4
sleep 2
rm "$TEST_DIR/gate"
wait "$exporter"
is "the export ends well" $? 0
[ -s "$TEST_DIR/err" ] && grep -v 'passed over' "$TEST_DIR/err" | comment
wait
is "and they after it" "$(cat "$TEST_DIR/later")" ""
ok "the partition was exchanged" until_true "select count(*) = 0 from sales.orders_1_prt_5"
rm -rf "${bucket:?}"/*
fresh_back
ok "push" push_shop -q --keep
exits 0 "load" load_into "$source_conninfo" "$back" --verify content
is "every table is as it was at the export's moment" \
	"$(for table in heap ao aoco orders_1_prt_5 random; do md5_of "$source_conninfo" "$back" "select * from sales.$table"; done)" "$before"

new_run
rm -f "$TEST_DIR/later"
stand_at_gate pg_dump export_wh --client-bin "$TEST_DIR/bin" --lock-wait-timeout 2s
is "an export before its schema" $? 0
later "truncate sales.random"
ok "TRUNCATE waits for it" waiting 1
rm "$TEST_DIR/gate"
wait "$exporter"
is "the export ends well" $? 0
has "after the one who waited" "$TEST_DIR/err" "he goes first"
wait
arrived "another moment" sales.random sales.heap

new_run
exits 0 "each table at its own moment" export_wh --snapshot table -j 3
arrived "own moments" sales.heap sales.aoco sales.orders sales.visits sales.replicated

# --- one address for one database after the other

port=$(free_port)
exits 0 "all databases, at one port" gpm-export -q --all-databases --schema-only -d "$source_conninfo dbname=postgres" --spool "$TEST_DIR/all" --client-bin "$client_bin" \
	--listen "127.0.0.1:$port"

# --- deaths

new_run
goes_on "an export goes on that was killed six times" 6 gpm-export "${export_args[@]}" -q -j 3 --small-table 0
is "no session is left behind" "$(src "select count(*) from pg_stat_activity where datname = '$wh' and application_name like 'gpm-export%'")" 0
is "one run" "$(find "$spool" -maxdepth 1 -name '2*' | wc -l)" 1
arrived "deaths" sales.heap sales.aoco sales.orders sales.visits sales.replicated sales.nasty sales.ao
done_testing
