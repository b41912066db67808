#!/usr/bin/env bash
# Goal of this test: gpm-export --base on a real Greenplum: append-optimized tables that nobody wrote to are not read again, every way of writing to one is
# seen, and a run that was made so is loaded and verified as a whole.
#
#   GPM_TEST_SOURCE   conninfo of a superuser of a Greenplum 6 or newer where databases may be made; without it all is skipped
source_conninfo=${GPM_TEST_SOURCE:-}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
[ -n "$source_conninfo" ] || skip_all "GPM_TEST_SOURCE names no Greenplum to read"
export TMPDIR=$TEST_DIR
wh=gpm_base_$$
role=gpm_base_role_$$
sql() { # [PSQL OPTION…]
	PGOPTIONS='-c client_min_messages=error' "$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -d "$source_conninfo dbname=$wh" "$@"
}
postgres() { "$pg_bin/psql" -XAtq -d "$source_conninfo dbname=postgres" "$@" >/dev/null 2>&1; }
clean_up() {
	local status=$?

	postgres -c "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$wh'" -c "drop database if exists $wh" -c "drop role if exists $role"
	(exit "$status")
	at_exit
}
trap clean_up EXIT
postgres -c "create database $wh" || skip_all "GPM_TEST_SOURCE cannot be reached"
echo "# source: $(sql -c "select version()")"

export_wh() {
	gpm-export -d "$source_conninfo dbname=$wh" --spool "$spool" --new-run --listen 127.0.0.1 --small-table 0 --data-only --chunk-size 256kB "$@"
}
ids() { (cd "$bucket" && ls -d 2* 2>/dev/null); }
newest() { ids | tail -n 1; }
# the tables whose rows the newest run has in another one, by what its manifests say, in one line
unread() { grep -lE '"rec":"done".*"base":"' "$bucket/$(newest)"/tables/*.jsonl | sed 's/.*\.\([^.]*\)\.jsonl$/\1/' | sort | paste -sd ' '; }
objects() { find "$bucket/$(newest)/data" -type f 2>/dev/null | wc -l; }
# again SQL WHAT UNREAD: after SQL, a run on the newest one leaves these tables where they are
again() {
	local before

	before=$(newest)
	sql -c "$1" >/dev/null || fail_all "$2"
	exits 0 "$2" export_wh -q --base latest
	exits 0 "$2: push" push_shop -q
	is "$2: not read" "$(unread)" "$3"
	exits 0 "$2: the run is whole" gpm-import verify -q --full --from "file://$bucket" --run "$(newest)"
	test "$before" != "$(newest)" || fail_all "$2: no run"
}
fail_all() {
	echo "Bail out! $1"
	exit 1
}

sql -c "create type mood as enum ('sad', 'ok'); create domain pos as int;
	create table r (id int, b text) with (appendonly=true) distributed by (id);
	insert into r select i, md5(i::text) from generate_series(1, 40000) i;
	create table c (id int, b text, f float8, t timestamptz, n numeric(12,3)[]) with (appendonly=true, orientation=column) distributed randomly;
	insert into c select i, md5(i::text), i / 7.0, now(), array[i, i / 3.0] from generate_series(1, 40000) i;
	create table p (id int, b text) with (appendonly=true) distributed by (id) partition by range (id) (start (0) end (40000) every (20000));
	insert into p select i, md5(i::text) from generate_series(0, 39999) i;
	create table everywhere (id int) with (appendonly=true) distributed replicated; insert into everywhere select generate_series(1, 100);
	create table nothing (id int) with (appendonly=true) distributed by (id);
	create table \"Odd \"\"Name\" (id int) with (appendonly=true) distributed by (id); insert into \"Odd \"\"Name\" values (1);
	create table heap (id int, b text) distributed by (id); insert into heap select i, md5(i::text) from generate_series(1, 1000) i;
	create table moods (m mood) with (appendonly=true) distributed by (m); insert into moods values ('ok');
	create table domains (d pos) with (appendonly=true) distributed by (d); insert into domains values (1);
	create table classes (d regclass) with (appendonly=true) distributed randomly; insert into classes values ('r');
	create table aclitems (d aclitem[]) with (appendonly=true) distributed randomly"
odd='Odd%20%22Name'

exits 0 "export" export_wh --base latest
has "the first run has nothing before it" "$TEST_DIR/err" "knows of no sealed run of the database yet: every table is read"
exits 0 "push" push_shop -q
first=$(newest)

all="$odd c everywhere nothing p_1_prt_1 p_1_prt_2 r"
again "insert into heap values (1001, 'x')" "nothing is written" "$all"
exits 0 "what was not" export_wh --base latest
has "is told" "$TEST_DIR/err" "7 tables, 120,101 rows, are as they were in run $(newest), and are not read"
rm -rf "${spool:?}/$(basename "$(printf '%s\n' "$spool"/2* | tail -n 1)")"
is "its objects are those of the first run" "$(cat "$bucket/$(newest)"/tables/*.jsonl | grep -o '"base":"[^"]*","base_table' | sort -u)" "\"base\":\"$first\",\"base_table"

# --- every way of writing

again "insert into r values (-1, 'x')" "insert" "$odd c everywhere nothing p_1_prt_1 p_1_prt_2"
again "delete from c where id = 7" "delete" "$odd everywhere nothing p_1_prt_1 p_1_prt_2 r"
again "update r set b = 'x' where id = 7" "update" "$odd c everywhere nothing p_1_prt_1 p_1_prt_2"
again "update p set b = 'x' where id = 7" "update through the root" "$odd c everywhere nothing p_1_prt_2 r"
again "insert into p values (30000, 'x')" "insert through the root" "$odd c everywhere nothing p_1_prt_1 r"
again "copy nothing from program 'echo 1'" "copy" "$odd c everywhere p_1_prt_1 p_1_prt_2 r"
again "begin; savepoint a; delete from everywhere where id = 1; release a; commit" "delete in a savepoint" "$odd c nothing p_1_prt_1 p_1_prt_2 r"
again "truncate nothing" "truncate" "$odd c everywhere p_1_prt_1 p_1_prt_2 r"
again "begin; truncate r; insert into r select i, md5((i + 1)::text) from generate_series(1, 40000) i; commit" "truncate and as many rows" "$odd c everywhere nothing p_1_prt_1 p_1_prt_2"
again "alter table c add column x int default 5" "a column more" "$odd everywhere nothing p_1_prt_1 p_1_prt_2 r"
again "alter table c rename b to bb" "a column's name" "$odd everywhere nothing p_1_prt_1 p_1_prt_2 r"
again "alter table r alter b type varchar(50)" "a column's type" "$odd c everywhere nothing p_1_prt_1 p_1_prt_2"
again "drop table r; create table r (id int, b varchar(50)) with (appendonly=true) distributed by (id); insert into r select i, 'new' from generate_series(1, 40000) i" \
	"dropped and made anew" "$odd c everywhere nothing p_1_prt_1 p_1_prt_2"
again "alter table everywhere rename to anywhere" "a table's name" "$odd c nothing p_1_prt_1 p_1_prt_2 r"
sql -c "vacuum p" -c "analyze"
again "begin; insert into r values (0, 'x'); delete from c; rollback; create index on c (id)" "what leaves the rows alone" \
	"$odd anywhere c nothing p_1_prt_1 p_1_prt_2 r"

# --- the rows are there

pg_up dst
q dst postgres "create database warehouse" >/dev/null
q dst warehouse "$(cat "$bucket/$(newest)"/tables/*.jsonl | jq -r 'def ident: "\"" + gsub("\""; "\"\"") + "\"";
	select(.rec == "table") | "create table \(.schema | ident).\(.name | ident) (\([.columns[] | "\(.name | ident) \(.type | if test("mood|pos|regclass|aclitem") then "text" else . end)"] | join(", ")));"')" >/dev/null
exits 0 "load" load_shop --data-only --verify content
different=
for table in r c p_1_prt_1 p_1_prt_2 anywhere nothing '"Odd ""Name"' heap moods domains; do
	a=$(sql -c "set extra_float_digits = 0; copy (select * from $table) to stdout" | LC_ALL=C sort | md5sum)
	b=$(q dst warehouse "set extra_float_digits = 0; copy (select * from $table) to stdout" | LC_ALL=C sort | md5sum)
	[ "$a" = "$b" ] || different="$different $table"
done
is "the same rows" "$different" ""

# --- aggregates

exits 0 "aggregates, where the base has none" export_wh -q --base latest --measure aggregates
exits 0 "push" push_shop -q
is "every table is read" "$(unread)" ""
exits 0 "aggregates, where it has them" export_wh -q --base latest --measure aggregates
exits 0 "push" push_shop -q
is "tables are not read" "$(unread)" "$odd anywhere c nothing p_1_prt_1 p_1_prt_2 r"
is "and have them" "$(cat "$bucket/$(newest)"/tables/*.r.jsonl | grep -c '"aggregates":{"columns":')" 1

# --- deaths

exits 0 "export" export_wh -q --base latest
(
	for i in 1 2 3 4 5 6; do
		gpm-push -q --spool "$spool" --to "file://$bucket" --jobs 1 &
		sleep 0.0$((i * 2))
		kill -KILL $! 2>/dev/null
		wait $!
	done
) 2>/dev/null
exits 0 "a push that was killed" push_shop -q
exits 0 "the run is whole" gpm-import verify -q --full --from "file://$bucket" --run "$(newest)"
is "not read" "$(unread)" "$odd anywhere c nothing p_1_prt_1 p_1_prt_2 r"

# --- what does not go together

last=$(newest)
exits 0 "export" export_wh -q --base latest
exits 2 "another --compress than the base's" push_shop --compress gzip
has "is told" "$TEST_DIR/err" "was stored with --for any --compress zstd:1, not --for any --compress gzip:1"
exits 2 "another --base than the export's" push_shop --base "$first"
has "is told" "$TEST_DIR/err" "has tables that are in run $last, which therefore is its --base"
mv "$bucket/$last" "$TEST_DIR/away"
exits 1 "a base that is gone" push_shop
has "is told" "$TEST_DIR/err" "there is no sealed run '$last'"
mv "$TEST_DIR/away" "$bucket/$last"
exits 0 "a base that is back" push_shop -q --base latest
exits 0 "a base by its name" export_wh -q --base "$(newest)"
exits 0 "push" push_shop -q
is "not read" "$(unread)" "$odd anywhere c nothing p_1_prt_1 p_1_prt_2 r"
exits 1 "a base that nobody knows" export_wh --base 20261120T231816Z-9f3a1c
has "is told" "$TEST_DIR/err" "knows of no sealed run '20261120T231816Z-9f3a1c' of this database"
exits 2 "tables of their own moments" export_wh --base latest --snapshot table
exits 2 "rows that stay elsewhere" export_wh --base latest --method on-segment --segment-dir /tmp
exits 1 "removed under a run that needs it" gpm-push remove --to "file://$bucket" --run "$first"

# --- who may not read the counts

sql -c "create role $role login; grant usage on schema public to $role; grant select on all tables in schema public to $role"
exits 0 "a user without rights" gpm-export -d "$source_conninfo dbname=$wh user=$role" --spool "$spool" --new-run --data-only --method copy -q --base latest
exits 0 "push" push_shop -q
is "reads every table" "$(unread)" ""
sql -c "drop owned by $role"

done_testing
