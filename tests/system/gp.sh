# shellcheck shell=bash
# gp.sh -- a real Greenplum (6 or newer) as the destination of the shop of fixture.sh.  Comes after fixture.sh.
#
#   gp_or_skip             skip_all unless GPM_TEST_DESTINATION (or GPM_TEST_SOURCE) is the conninfo of a superuser of one; its
#                          database $gp_db is dropped when the file ends
#   gp SQL                 psql in $gp_db: bare rows, stops at the first error
#   gp_fresh               $gp_db, made anew, with the tables of the run in the bucket: column-oriented, replicated, random
#   gp_load [OPTION…]      gpm-import load --data-only of the run in $from
#   gp_check [OPTION…]     gpm-import check
#   gp_plan_run            psql runs $TEST_DIR/plan.sql
#   gp_exact WHAT          two checks: every chunk once in the ledger, and the same rows as src has
#   gp_until SQL           polls, for at most a minute
#
# $from is where gpm-import reads: file://$bucket unless the test says otherwise.

gp_db=gpm_test_$$_dst
from=file://$bucket

gp_drop() {
	"$pg_bin/psql" -XAtq -d "$gp_conninfo dbname=postgres" \
		-c "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$gp_db'" \
		-c "drop database if exists $gp_db" >/dev/null 2>&1
}

gp_or_skip() {
	gp_conninfo=${GP_CONNINFO_1:-$GP_CONNINFO_2}
	[ -n "$gp_conninfo" ] || skip_all "GPM_TEST_DESTINATION names no Greenplum to load"
	"$pg_bin/psql" -XAtq -d "$gp_conninfo dbname=postgres" -c "select 1 from gp_segment_configuration limit 1" >/dev/null 2>&1 ||
		skip_all "GPM_TEST_DESTINATION is no Greenplum"
	echo "# destination: $("$pg_bin/psql" -XAtq -d "$gp_conninfo dbname=postgres" -c "select version()")"
	at_end gp_drop
}

gp() {
	PGOPTIONS='-c client_min_messages=error' "$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -d "$gp_conninfo dbname=$gp_db" -c "$1"
}

# CREATE TABLE for each table of the run in the bucket, after its record.
gp_tables_sql() {
	gpm_tables=$1
	cat "$gpm_tables"/*.jsonl | jq -r 'def ident: "\"" + gsub("\""; "\"\"") + "\"";
		select(.rec == "table") | "create table \(.schema | ident).\(.name | ident) (\([.columns[]? | "\(.name | ident) \(.type)"] | join(", ")))" +
			({lines: " with (appendonly=true, orientation=column) distributed by (id)", odd: " distributed replicated",
			floats: " distributed randomly", one_column: " with (appendonly=true) distributed by (a)"}[.name] // "") + ";"'
}

gp_fresh() {
	gp_drop
	"$pg_bin/psql" -Xq -d "$gp_conninfo dbname=postgres" -c "create database $gp_db" || exit 1
	{
		echo "set client_min_messages = error; create schema sales; create schema \"Odd \"\"Schema\"\"\"; create type sales.mood as enum ('sad', 'ok', 'it''s');
			create sequence sales.alone minvalue -1000000; create sequence sales.odd_a_seq; create materialized view sales.totals as select 1 as a;
			create materialized view sales.best as select 1 as a;"
		gp_tables_sql "${1:-$(run_dir)tables}"
	} >"$TEST_DIR/tables.sql"
	"$pg_bin/psql" -Xq -v ON_ERROR_STOP=1 -d "$gp_conninfo dbname=$gp_db" -f "$TEST_DIR/tables.sql" || exit 1
}

gp_load() {
	gpm-import load --data-only --from "$from" -d "$gp_conninfo dbname=$gp_db" "$@"
}

gp_check() {
	gpm-import check --from "$from" -d "$gp_conninfo dbname=$gp_db" "$@"
}

gp_plan_run() {
	"$pg_bin/psql" -Xq -d "$gp_conninfo dbname=$gp_db" -f "$TEST_DIR/plan.sql"
}

gp_md5() {
	(
		set -o pipefail
		gp "set extra_float_digits = 0; copy (select * from $1) to stdout" | LC_ALL=C sort | md5sum | cut -c 1-32
	)
}

gp_exact() {
	local table a b wrong=

	is "$1: every chunk once in the ledger" "$(gp "select count(*), count(distinct object_key) from gpm.ledger")" "$objects|$objects"
	while read -r table; do
		a=$(q src shop "set extra_float_digits = 0; copy (select * from $table) to stdout" | LC_ALL=C sort | md5sum | cut -c 1-32)
		b=$(gp_md5 "$table") && [ "$a" = "$b" ] || wrong="$wrong $table"
	done < <(shop_tables)
	is "$1: the same rows" "$wrong" ""
	is "$1: nothing is left behind" "$(gp "select count(*) from pg_class where relname like 'gpm\\_%' and relname not like 'gpm_test%' and relkind in ('r', 'f')")" 0
}

gp_until() {
	local i

	for ((i = 0; i < 600; i++)); do
		[ "$(gp "$1" 2>/dev/null)" = t ] && return
		sleep 0.1
	done
	return 1
}
