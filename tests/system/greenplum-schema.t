#!/usr/bin/env bash
# Goal of this test: the schema of a real Greenplum 6, with all that other servers take in another form, and its rows arrive by `load`: in
# PostgreSQL, in another database of the same Greenplum, and in the destination that is named (Greenplum 7).
#
#   GPM_TEST_SOURCE       conninfo of a superuser of a Greenplum 6 where databases may be made; without it all is skipped
#   GPM_TEST_CLIENT_BIN   the bin folder of its installation (pg_dump, pg_dumpall); default $GPHOME/bin
#   GPM_TEST_DESTINATION  conninfo of another server to load into as well
source_conninfo=${GPM_TEST_SOURCE:-} destination=${GPM_TEST_DESTINATION:-}
client_bin=${GPM_TEST_CLIENT_BIN:-${GPHOME:-}/bin}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

[ -n "$source_conninfo" ] || skip_all "GPM_TEST_SOURCE names no Greenplum to read"
[ -x "$client_bin/pg_dump" ] || skip_all "GPM_TEST_CLIENT_BIN names no folder with Greenplum's pg_dump"

sql() { # CONNINFO DATABASE [PSQL OPTION…]
	local conninfo=$1 database=$2

	shift 2
	PGOPTIONS='-c client_min_messages=error' "$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -d "$conninfo dbname=$database" "$@"
}
[[ $(sql "$source_conninfo" postgres -c "select version()") == *"Greenplum Database 6"* ]] || skip_all "GPM_TEST_SOURCE is no Greenplum 6"
wh=gpm_schema_$$ back=gpm_schema_${$}_back
clean_up() {
	sql "$source_conninfo" postgres -c "drop database if exists $wh" >/dev/null
	sql "$source_conninfo" postgres -c "drop database if exists $back" >/dev/null
	sql "$source_conninfo" postgres -c "drop role if exists ${wh}_role" >/dev/null
	sql "$source_conninfo" postgres -c "drop resource queue ${wh}_queue" >/dev/null 2>&1
	if [ -n "$destination" ]; then
		sql "$destination" postgres -c "drop database if exists $back" >/dev/null
		sql "$destination" postgres -c "drop role if exists ${wh}_role" >/dev/null
		sql "$destination" postgres -c "drop resource queue ${wh}_queue" >/dev/null 2>&1
	fi
}
at_end clean_up

# md5_of CONNINFO DATABASE QUERY: its rows, in any order
md5_of() {
	(
		set -o pipefail
		sql "$1" "$2" -c "copy ($3) to stdout" | LC_ALL=C sort | md5sum | cut -c 1-32
	)
}
# what hangs below what, tables only
tree="select c.relname, p.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
	join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'x' and c.relkind in ('r', 'p', 'f') and p.relkind in ('r', 'p')"

# arrives WHAT CONNINFO STATUS: rehearsed and loaded there, with that status, all rows equal
arrives() {
	local what=$1 conninfo=$2 status=$3 query

	sql "$conninfo" postgres -c "create database $back"
	echo "# $what: $(sql "$conninfo" postgres -c "select version()")"
	exits "$status" "$what: rehearse" gpm-import schema --rehearse --from "file://$bucket" -d "$conninfo dbname=$back"
	cp "$TEST_DIR/out" "$TEST_DIR/list"
	is "$what: the rehearsal's database is gone" "$(sql "$conninfo" postgres -c "select count(*) from pg_database where datname like 'gpm_rehearsal_%'")" 0
	exits "$status" "$what: load" gpm-import load --verify content --from "file://$bucket" -d "$conninfo dbname=$back"
	is "$what: all tables are verified by content" "$(grep -c 'verified by content$' "$TEST_DIR/out")" "$tables"
	for query in "$tree" 'select * from x.p_int' 'select * from x.p_date' 'select a, f::numeric from x.p_float' 'select * from x.p_num' 'select * from x.p_text' \
		'select * from x.p_ts' 'select * from x.p_list' 'select * from x.p_lmulti' 'select * from x.p_sub3' 'select * from x."P Odd"' 'select * from x.v_ok' \
		'select * from only x.p_int_1_prt_a' 'select x.f_sql(7)'; do
		is "$what: the same, asked by psql: ${query:0:40}" "$(md5_of "$conninfo" "$back" "$query")" "$(md5_of "$source_conninfo" "$wh" "$query")"
	done
	is "$what: a sequence goes on" "$(sql "$conninfo" "$back" -c "select nextval('x.t_serial_a_seq')")" 2
	is "$what: a key is on every partition" "$(sql "$conninfo" "$back" -c "select count(*) from pg_index i join pg_class c on c.oid = i.indrelid
		where c.relname ~ '^p_int_1' and i.indisunique and i.indisvalid")" 5
}

sql "$source_conninfo" postgres -c "create database $wh"
sql "$source_conninfo" "$wh" -f "$tests_dir/system/greenplum-schema.sql" >/dev/null || exit 1
gpm-export -q -d "$source_conninfo dbname=$wh" --spool "$spool" --client-bin "$client_bin" 2>"$TEST_DIR/export.err" || exit 1
push_shop -q || exit 1
tables=$(jq -r 'select(.rec == "end").tables' "$(run_dir)manifest.jsonl")

arrives "the same Greenplum" "$source_conninfo" 0
is "nothing is changed there but for ONLY" "$(grep '^changed' "$TEST_DIR/list" | sed 's/.*:[0-9]*  //')" \
	"table x.p_int: ONLY is left out: its partitions have it as well"
is "it dumps the same schema" "$(for db in "$wh" "$back"; do
	PGOPTIONS='' "$client_bin/pg_dump" -s -d "$source_conninfo dbname=$db" --exclude-schema=gpm 2>&1 |
		sed 's/_external_partition_parrelid_[0-9]*_relid_[0-9]*/external/; s/ )/)/' | md5sum
done | sort -u | wc -l)" 1
pg_up dst
arrives "PostgreSQL" "host=$(pg_host dst) port=$(pg_port dst) user=postgres" 3
has "bounds" "$TEST_DIR/list" "table x.p_date: its partitions are declared in PostgreSQL's way"
has "what has no place" "$TEST_DIR/list" "external table x.e_out: PostgreSQL has no external tables"
is "what fails" "$(sed -nE 's/^failed .*:[0-9]+  ([^:]*):.*/\1/p' "$TEST_DIR/list" | paste -sd ,)" "function x.f_c,view x.v_parts,view x.v_storage"
if [ -n "$destination" ]; then
	arrives "the destination" "$destination" 3
	sed 's/^/# /' "$TEST_DIR/list"
fi

# --- tables by the hash of Greenplum 5

sql "$source_conninfo" postgres -c "drop database $back"
sql "$source_conninfo" postgres -c "drop database $wh"
sql "$source_conninfo" postgres -c "create database $wh"
sql "$source_conninfo" postgres -c "alter database $wh set gp_use_legacy_hashops = on"
sql "$source_conninfo" "$wh" -c "create table t (a int) distributed by (a); insert into t select generate_series(1, 100)"
rm -rf "$spool" "${bucket:?}"/*
gpm-export -q -d "$source_conninfo dbname=$wh" --spool "$spool" --client-bin "$client_bin" 2>"$TEST_DIR/export.err" || exit 1
push_shop -q || exit 1
sql "$source_conninfo" postgres -c "create database $back"
exits 0 "a source that hashed in the old way" gpm-import load --verify content --from "file://$bucket" -d "$source_conninfo dbname=$back"
is "its tables still do" "$(sql "$source_conninfo" "$back" -c "set gp_use_legacy_hashops = off; select pg_get_table_distributedby('public.t'::regclass)")" "DISTRIBUTED BY (a cdbhash_int4_ops)"

# --- roles and their queues

sql "$source_conninfo" postgres -c "create resource queue ${wh}_queue active threshold 3"
sql "$source_conninfo" postgres -c "create role ${wh}_role resource queue ${wh}_queue login createdb connection limit 3 createexttable (type='readable', protocol='gpfdist')"
sql "$source_conninfo" postgres -c "alter role ${wh}_role set gp_enable_sort_limit = off" -c "alter database $wh set optimizer = off"
sql "$source_conninfo" "$wh" -c "alter table t owner to ${wh}_role"
rm -rf "$spool" "${bucket:?}"/*
gpm-export -q -d "$source_conninfo dbname=$wh" --spool "$spool" --client-bin "$client_bin" 2>"$TEST_DIR/export.err" || exit 1
push_shop -q || exit 1
exits 0 "PostgreSQL: a role with a queue" gpm-import load --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d "$back"
is "PostgreSQL: the role is made" "$(sql "host=$(pg_host dst) port=$(pg_port dst) user=postgres" postgres -c "select count(*) from pg_roles where rolname = '${wh}_role'")" 1
if [ -n "$destination" ]; then
	sql "$destination" postgres -c "drop database $back"
	sql "$destination" postgres -c "create database $back"
	exits 0 "the destination: rehearse a role with a queue" gpm-import schema --rehearse --from "file://$bucket" -d "$destination dbname=$back"
	has "what would be made" "$TEST_DIR/out" "resource queue ${wh}_queue is missing: load makes it"
	exits 0 "the destination: load" gpm-import load --from "file://$bucket" -d "$destination dbname=$back"
	is "it has its attributes" "$(sql "$destination" postgres -c "select rolcanlogin, rolcreatedb, rolconnlimit, rolcreaterextgpfd from pg_roles where rolname = '${wh}_role'")" "t|t|3|t"
	is "and settings, as far as there are such" "$(sql "$destination" postgres -c "select array_to_string(setconfig, ';') from pg_db_role_setting s join pg_roles r on r.oid = setrole where rolname = '${wh}_role'")" \
		"$(sql "$destination" postgres -c "select name || '=off' from pg_settings where name = 'gp_enable_sort_limit'")"
	is "the role is in its queue" "$(sql "$destination" postgres -c "select rsqname from pg_roles r join pg_resqueue q on q.oid = r.rolresqueue where rolname = '${wh}_role'")" "${wh}_queue"
fi
done_testing
