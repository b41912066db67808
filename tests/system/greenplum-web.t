#!/usr/bin/env bash
# Goal of this test: load --method web into a real Greenplum: its segments read the bucket themselves, all that arrives is what
# was there, exactly once; what the program does wrong, and what differs, never becomes rows; plan's script does the same.
# GPM_TEST_KILLS sets the number of kills (6).
kills=${GPM_TEST_KILLS:-6}
GP_CONNINFO_1=${GPM_TEST_DESTINATION:-} GP_CONNINFO_2=${GPM_TEST_SOURCE:-}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/tamper.sh"
. "$(dirname "$0")/gp.sh"

gp_or_skip
pg_up src

# The segments' user runs the program, and sh reads its command line.
awkward="$TEST_DIR/it's \"here\" \$(touch pwned) ; \\"
mkdir -p "$awkward/bucket"
cp "$build_dir/import/gpm-import" "$awkward/gpm-import"
bucket="$awkward/bucket"
from=file://$bucket
PATH="$awkward:$PATH"
web() {
	gp_load --method web "$@"
}

fill_shop src 60000
ok "export" export_shop -q --data-only --snapshot table --batch-size 1MB
ok "push" push_shop -q
run=$(basename "$(run_dir)")
objects=$(find "$bucket/$run/data" -type f | wc -l | tr -d ' ')
rm -rf "$spool"

# --- all of it

gp_fresh
exits 0 "preflight" gpm-import preflight --from "$from" -d "$gp_conninfo dbname=$gp_db" --method web
has "preflight says so" "$TEST_DIR/out" "rows can be loaded by web"
exits 0 "load" web -q --verify content -j 3
has "verified by content" "$TEST_DIR/out" "is verified by content: 8 tables"
gp_exact "load"
is "a batch is one transaction" "$(gp "select count(*) from (select batch from gpm.ledger group by table_no, batch having count(distinct loaded_at) > 1) x")" 0
is "there are several" "$(gp "select count(distinct batch) > 3 from gpm.ledger where table_name = 'lines'")" t
is "no shell read a name" "$(find "$TEST_DIR" . -name pwned)" ""
exits 0 "a second load does nothing" web -q
gp_exact "a second load"

# settings of the database are not those that rows are read with
gp_fresh
gp "alter database $gp_db set datestyle = 'SQL, DMY'; alter database $gp_db set intervalstyle = 'sql_standard'; alter database $gp_db set timezone = 'Asia/Tokyo'"
exits 0 "a database with settings of its own" web -q --verify content
gp "alter database $gp_db reset all"
gp_exact "settings"
gp_fresh
gp "alter database $gp_db set array_nulls = off"
exits 3 "a setting that would reach the segments" web -q
has "is told" "$TEST_DIR/err" "the segments would misread some values, because of array_nulls = off"
is "and no row comes" "$(gp "select count(*) from gpm.ledger")" 0
gp "alter database $gp_db reset array_nulls"
exits 0 "without it all is loaded" web -q --verify content
gp_exact "settings reset"

# what copy loaded before is left out
gp_gaps web -q

# --- deaths

gp_fresh
gp_deaths --method web
exits 0 "killed: then it ends well" web -q -j 2
gp_exact "after the kills"

# --- a damaged object

gp_damage web -q -j 2
gp_mend web -q

# --- programs that do wrong

wrong() { # NAME STATUS MESSAGE SCRIPT: "$@" in it is the command line of gpm-import
	printf '#!/bin/sh\n%s\n' "$4" >"$TEST_DIR/program"
	chmod 755 "$TEST_DIR/program"
	gp_fresh
	exits "$2" "$1" web -q -j 2 --program "$TEST_DIR/program"
	has "$1: it is said" "$TEST_DIR/err" "$3"
	is "$1: no row" "$(gp "select count(*) from sales.lines")" 0
	is "$1: no line in the ledger" "$(gp "select count(*) from gpm.ledger")" 0
}
real="'${awkward//\'/\'\\\'\'}/gpm-import' \"\$@\""
wrong "a program that fails at its end" 3 "command ended with error" "$real; echo no luck >&2; exit 3"
has "with its own words" "$TEST_DIR/err" "no luck"
has "and where it ran" "$TEST_DIR/err" "runs on each segment host"
wrong "a program that dies" 3 "SIGKILL" "$real | head -n 10; kill -9 \$\$"
wrong "a program that stops early and says that all is well" 4 "rows of" "$real | head -n 1"
wrong "every segment writes all chunks" 4 "rows of" "set -- \$(echo \"\$*\" | sed 's/--shard.*//'); exec '$build_dir/import/gpm-import' cat -q --from 'file://${awkward//\'/\'\\\'\'}/bucket' --run $run --table 1 -q"
wrong "no program" 3 "command ended with error" "exec /nowhere/gpm-import"

# --- who may not

gp_fresh
"$pg_bin/psql" -Xq -d "$gp_conninfo dbname=postgres" -c "drop role if exists gpm_test_loader" -c "create role gpm_test_loader login" 2>/dev/null
gp "grant create on database $gp_db to gpm_test_loader"
exits 1 "no superuser" gpm-import load -q --data-only --from "$from" -d "$gp_conninfo user=gpm_test_loader dbname=$gp_db" --method web
has "is told" "$TEST_DIR/err" "--method web: only a superuser may have the segments run a program"
has "and what to do" "$TEST_DIR/err" "hint:"
gp_drop
"$pg_bin/psql" -Xq -d "$gp_conninfo dbname=postgres" -c "drop role gpm_test_loader"

# --- plan

gp_fresh
PGHOST=/nowhere gpm-import plan --from "$from" --method web >"$TEST_DIR/plan.sql"
is "plan" $? 0
exits 0 "psql" gp_plan_run
is "psql says nothing" "$(cat "$TEST_DIR/out" "$TEST_DIR/err")" ""
gp_exact "plan"
exits 0 "psql again" gp_plan_run
gp_exact "plan, again"
exits 0 "load has nothing to do" web -q --verify content
gp_exact "plan, then load"
gp_fresh
(cd "$bucket/$run" && flip_byte "$damaged" 100)
exits 3 "plan, a damaged object: psql stops" gp_plan_run
has "plan, a damaged object: it is named" "$TEST_DIR/err" "$damaged' has another SHA-256"
is "plan, a damaged object: whole batches only" "$(gp "select max(batch) from gpm.ledger where table_name = 'lines'")" 1
(cd "$bucket/$run" && flip_byte "$damaged" 100)
exits 0 "plan, mended: psql goes on" gp_plan_run
gp_exact "plan, mended"

done_testing
