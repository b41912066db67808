#!/usr/bin/env bash
# Goal of this test: a real Greenplum 7 (or WarehousePG, Cloudberry …) is taken out, through its segments and through its coordinator, and
# arrives in another database of the same server, whose schema is restored from the run, and in PostgreSQL.
#
#   GPM_TEST_SOURCE      conninfo of a superuser of such a server, where databases may be made; without it all is skipped
#   GPM_TEST_CLIENT_BIN  the bin folder of its installation (pg_dump, pg_dumpall); default $GPHOME/bin
source_conninfo=${GPM_TEST_SOURCE:-}
client_bin=${GPM_TEST_CLIENT_BIN:-${GPHOME:-}/bin}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

[ -n "$source_conninfo" ] || skip_all "GPM_TEST_SOURCE names no Greenplum to read"
[ -x "$client_bin/pg_dump" ] || skip_all "GPM_TEST_CLIENT_BIN names no folder with Greenplum's pg_dump"

sql() { # DATABASE [PSQL OPTION…]
	local database=$1

	shift
	PGOPTIONS='-c client_min_messages=error' "$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -d "$source_conninfo dbname=$database" "$@"
}
md5_of() { # DATABASE QUERY
	(
		set -o pipefail
		sql "$1" -c "copy ($2) to stdout" | LC_ALL=C sort | md5sum | cut -c 1-32
	)
}
kind=$(sql postgres -c "select count(*) from pg_attribute where attrelid = 'pg_class'::regclass and attname = 'relstorage'") || exit 1
[ "$kind" = 0 ] || skip_all "GPM_TEST_SOURCE has the catalogs of Greenplum 6 or older"
wh=gpm_test7_$$ back=gpm_test7_${$}_back
clean_up() {
	local database

	for database in "$wh" "$back"; do
		sql postgres -c "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$database'" \
			-c "drop database if exists $database" >/dev/null
	done
}
at_end clean_up
export_wh() { gpm-export -d "$source_conninfo dbname=$wh" --spool "$spool" --client-bin "$client_bin" --chunk-size 64KB "$@"; }
journal() { printf '%s\n' "$spool"/*/export.jsonl; }
record() { jq -r "select(.rec == \"table\" and .name == \"$1\") | $2" "$(journal)"; }
same_back() {
	local query

	for query; do
		is "the same rows, asked by psql: $query" "$(md5_of "$back" "$query")" "$(md5_of "$wh" "$query")"
	done
}

sql postgres -c "create database $wh" -c "create database $back"
sql "$wh" -f "$tests_dir/system/greenplum7.sql" >/dev/null || exit 1
echo "# source: $(sql "$wh" -c "select version()")"
tables=$(sql "$wh" -c "select count(*) from pg_class where relnamespace = 'sales'::regnamespace and relkind = 'r'")

exits 0 "preflight" gpm-export preflight -d "$source_conninfo dbname=$wh" --spool "$spool" --client-bin "$client_bin"
has "its storages" "$TEST_DIR/out" "1 ao_row, 2 ao_column"
exits 1 "PostgreSQL's pg_dump is refused" export_wh --client-bin "$pg_bin"
exits 0 "an assessment" gpm-export assess -d "$source_conninfo dbname=$wh" --destination cloudberry
has "finds nothing that breaks, and asks nothing in vain" "$TEST_DIR/out" "checks: 0 break DDL, 0 break or change data, 0 change queries,"
has "refuses nothing" "$TEST_DIR/out" " 0 not checked"
rm -rf "$spool"

# --- from the segments

exits 0 "export: the segments send their rows" export_wh -j 3 --small-table 0
has "all tables" "$TEST_DIR/err" ": $tables tables, "
has "an external table is told" "$TEST_DIR/err" "sales.ext_in is passed over: external table, its rows are behind gpfdist"
has "a writable one" "$TEST_DIR/err" "sales.ext_out is passed over: writable external table"
has "a program" "$TEST_DIR/err" "sales.ext_web is passed over: external web table"
has "a foreign table" "$TEST_DIR/err" "sales.far is passed over: foreign table"
hasnt "no secret is told" "$(journal)" pa55
is "tables without columns leave by COPY, the others from the segments" \
	"$(jq -r 'select(.rec == "done") | .method' "$(journal)" | sort | uniq -c | xargs)" "1 copy $((tables - 1)) gpfdist"
is "storage" "$(record ao .storage)" "ao_row (compresstype=zlib, compresslevel=1)"
is "a leaf of another storage" "$(record orders_2 '[.kind, .root_name, .storage] | join(" ")')" "leaf orders ao_column"
is "the root of a leaf of two levels" "$(record visits_1_prt_eu_2_prt_2 .root_name)" visits
is "a distribution" "$(record aoco .distribution)" "DISTRIBUTED BY (order_id, sku)"
is "a replicated table" "$(record replicated .distribution)" "DISTRIBUTED REPLICATED"
is "a generated column stays behind" "$(record computed '[.columns[].name] | join(" ")')" "a b"
exits 0 "push" push_shop -q --keep
exits 0 "load into the same server, with the schema" gpm-import load --from "file://$bucket" -d "$source_conninfo dbname=$back" --verify content -j 3
has "verified by content" "$TEST_DIR/out" "is verified by content: $tables tables"
tail -n 1 "$TEST_DIR/out" | comment
same_back 'select * from sales.heap' 'select * from sales.aoco' 'select * from sales.orders' 'select * from sales.visits' \
	'select * from sales.replicated' 'select * from sales.computed' 'select * from sales.by_enum' 'select * from sales.parent' 'select * from sales.totals'
is "distribution and storage are as they were" "$(sql "$back" -c "select relname, amname, pg_get_table_distributedby(c.oid) from pg_class c
	left join pg_am a on a.oid = relam where relnamespace = 'sales'::regnamespace and relkind in ('r', 'p') order by 1")" \
	"$(sql "$wh" -c "select relname, amname, pg_get_table_distributedby(c.oid) from pg_class c
	left join pg_am a on a.oid = relam where relnamespace = 'sales'::regnamespace and relkind in ('r', 'p') order by 1")"
is "a sequence goes on" "$(sql "$back" -c "select nextval('sales.alone')")" 42
is "no external table is left" "$(sql "$wh" -c "select count(*) from pg_class where relname = 'gpm_out'")" 0

# --- by files of the segments, where they are on this host

pieces=$TEST_DIR/pieces
mkdir -p "$pieces"
chmod 777 "$pieces"
rm -rf "$spool" "${bucket:?}"/*
sql postgres -c "drop database $back" -c "create database $back"
segments=$(sql postgres -c "select string_agg(content::text, ',') from gp_segment_configuration where content > 0 and role = 'p'")
if [ -n "$segments" ] && [ "$(sql postgres -c "select count(distinct hostname) from gp_segment_configuration")" = 1 ]; then
	exits 0 "export: COPY ON SEGMENT" export_wh -j 3 --method on-segment --segment-dir "$pieces" --small-table 0 --part a=0 --part "b=$segments"
	ok "push" push_shop -q
	ok "a part" push_shop -q --host-part a --segment-dir "$pieces"
	ok "the other" push_shop -q --host-part b --segment-dir "$pieces"
	exits 0 "seal" push_shop -q --seal
	is "no file is left" "$(find "$pieces" -type f)" ""
	exits 0 "load" gpm-import load --from "file://$bucket" -d "$source_conninfo dbname=$back" --verify content -j 3
	has "verified by content" "$TEST_DIR/out" "is verified by content: $tables tables"
	same_back 'select * from sales.heap' 'select * from sales.aoco' 'select * from sales.replicated'
else
	echo "# one segment, or several hosts: --method on-segment was not tried"
fi

# --- through the coordinator, into PostgreSQL

rm -rf "$spool" "${bucket:?}"/*
exits 0 "export through the coordinator" export_wh -j 4 --method copy --chunk-size 16KB
is "each segment of a big table is a slice" "$(find "$spool" -path '*sales.aoco/*' -name 'b[0-9]*' | sed 's|.*/b||' | awk '{ print int(($1 - 1) / 10000) }' | sort -u | wc -l)" \
	"$(sql postgres -c "select count(*) from gp_segment_configuration where content >= 0 and role = 'p'")"
ok "push" push_shop -q --keep
pg_up dst
q dst postgres "create database warehouse"
cat "$(run_dir)"tables/*.jsonl | jq -r 'def ident: "\"" + gsub("\""; "\"\"") + "\"";
	select(.rec == "table") | "create table sales.\(.name | ident) (\([.columns[]? | "\(.name | ident) \(.type)"] | join(", ")));"' >"$TEST_DIR/tables.sql"
q dst warehouse "create schema sales; create type sales.mood as enum ('sad', 'ok'); create sequence sales.alone; create sequence sales.computed_a_seq;
	create materialized view sales.totals as select 1 as k"
q_file dst warehouse "$TEST_DIR/tables.sql"
exits 0 "load into PostgreSQL" gpm-import load --data-only --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse --verify content
has "verified by content" "$TEST_DIR/out" "is verified by content: $tables tables"
done_testing
