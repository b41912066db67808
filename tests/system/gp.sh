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
#   gp_gaps LOAD…          what copy has loaded before is left out by LOAD, a command
#   gp_deaths OPTION…      gpm-import load with these OPTIONs, killed $kills times under way
#   gp_damage LOAD…        an object of sales.lines, $damaged, is: LOAD names it, and loads nothing of its batch
#   gp_mend LOAD…          it is as it was, and LOAD loads the rest
#
# $from is where gpm-import reads: file://$bucket unless the test says otherwise; $run the run there.

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

# shellcheck disable=SC2120 # the folder of the tables' manifests, where it is not the bucket's
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

gp_gaps() {
	local gone

	gp_fresh
	exits 0 "gaps: load by copy" gp_load -q -j 2 --method copy
	gone=$(gpm-import cat --from "$from" -t sales.lines --batch 2 --chunks 2-3 | cut -d, -f1 | paste -sd,)
	gone=$gone,$(gpm-import cat --from "$from" -t sales.lines --batch 2 --chunks 6 | cut -d, -f1 | paste -sd,)
	gp "delete from sales.lines where id in ($gone)"
	gp "delete from gpm.ledger where table_name = 'lines' and batch = 2 and seq in (2, 3, 6)"
	exits 0 "gaps: the rest is loaded" "$@"
	gp_exact "gaps"
}

gp_deaths() {
	local i pid hits=0

	for ((i = 0; i < kills; i++)); do
		# not in a subshell: the tool itself is to be killed
		gpm-import load --data-only --from "$from" -d "$gp_conninfo dbname=$gp_db" "$@" -j $((i % 3 + 1)) >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
		pid=$!
		# the first time as soon as rows are in
		if [ "$i" -eq 0 ]; then
			gp_until "select count(*) > 0 from gpm.ledger"
		else
			sleep "0.$(printf %03d $((RANDOM % 400 + 20)))"
		fi
		killed "$pid" || break
		hits=$((hits + 1))
	done
	ok "killed $hits times under way" test "$hits" -gt 0
}

gp_damage() {
	gp_fresh
	cp -a "$bucket" "$TEST_DIR/good"
	damaged=$(cd "$bucket/$run" && find data -path '*sales.lines/*/b0002/000003.*')
	(cd "$bucket/$run" && flip_byte "$damaged" 100)
	exits 4 "a damaged object" "$@"
	has "is named" "$TEST_DIR/err" "$damaged' has another SHA-256"
	is "nothing of its batch is loaded" "$(gp "select count(*) from gpm.ledger where table_name = 'lines' and batch = 2")" 0
	is "the rows are those of the ledger" "$(gp "select count(*) = (select sum(rows) from gpm.ledger where table_name = 'lines') from sales.lines")" t
}

gp_mend() {
	rm -rf "$bucket"
	mv "$TEST_DIR/good" "$bucket"
	exits 0 "mended: the rest is loaded" "$@"
	gp_exact "a damaged object"
}
