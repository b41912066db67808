#!/usr/bin/env bash
# Goal of this test: gpm-export --all-databases makes a run of every database under one group, goes on after an interruption, goes past
# a database that fails, and gpm-import loads each where it is told to.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

pg_up src
pg_up dst
odd='odd=name' # libpq would take it for a connection string
for db in alpha beta "$odd"; do
	q src postgres "create database \"$db\""
	q src "dbname='$db'" "create schema s; create table s.t (id int primary key, b text);
		insert into s.t select i, '$db' || i from generate_series(1, 3000) i"
done
q src beta "create table s.beta_only (a int); insert into s.beta_only values (1)"
q src postgres "create database closed"
q src postgres "alter database closed allow_connections off"
all=(-h "$(pg_host src)" -p "$(pg_port src)" -U postgres --spool "$spool" --all-databases --chunk-size 4KB)
export_all() { gpm-export "${all[@]}" "$@"; }
# field OF: a field of the run records in the spool, in the order of the runs
field() { for journal in "$spool"/*/export.jsonl; do jq -r "select(.rec == \"run\") | $1" "$journal"; done; }
ended() { grep -l '"rec":"end"' "$spool"/*/export.jsonl | wc -l; }
# load DATABASE: the source's, into one of the same name
load() {
	q dst postgres "create database \"$1\""
	gpm-import load --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d "dbname='$1'" --database "$1" --verify content
}

# --- all of it

exits 0 "export" export_all
is "a run for each database that takes connections and is no template" "$(field .database | paste -sd ,)" "alpha,beta,$odd,postgres"
is "in one group" "$(field .group | sort | uniq -c | awk '{ print $1 }')" 4
has "which is told" "$TEST_DIR/err" "group $(field .group | head -n 1) starts: 4 databases"
exits 0 "push takes them all" push_shop -q
exits 0 "list" gpm-import list --from "file://$bucket"
is "shows databases and the group" "$(grep -c "  group $(field .group | head -n 1)" "$TEST_DIR/out")" 4
exits 0 "list of one database" gpm-import list --from "file://$bucket" --database beta
is "shows no other" "$(grep -c sealed "$TEST_DIR/out")" 1
exits 2 "which is to be loaded?" gpm-import verify --from "file://$bucket"
has "is asked" "$TEST_DIR/err" "by --database, or a run by --run"
exits 1 "one that is not there" gpm-import verify --from "file://$bucket" --database gamma
has "is told" "$TEST_DIR/err" "no sealed run of database gamma"
exits 2 "a run of another" gpm-import verify --from "file://$bucket" --database beta --run "$(basename "$(dirname "$(grep -l '"database":"alpha"' "$spool"/*/export.jsonl)")")"
for db in alpha beta "$odd" ; do
	exits 0 "load $db" load "$db"
	same_table src "dbname='$db'" dst "dbname='$db'" s.t
done
exits 0 "a table that only one has" gpm-import check --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d beta --database beta --verify content
has "is there" "$TEST_DIR/out" s.beta_only
exits 0 "the next export" export_all -q
is "is another group" "$(field .group | sort -u | wc -l)" 2
exits 0 "push it" push_shop -q
exits 0 "the newest of a database" gpm-import verify --from "file://$bucket" --database alpha
newest=$(grep -l '"database":"alpha"' "$spool"/*/export.jsonl | tail -n 1)
has "is of the newer group" "$TEST_DIR/out" "$(basename "$(dirname "$newest")")"

# --- what goes wrong

new() { rm -rf "$spool" "${bucket:?}"/*; }
new
q src beta "select lo_from_bytea(4711, 'x')" >/dev/null
exits 1 "a database that fails" export_all
has "is named" "$TEST_DIR/err" "error: database beta: the database holds 1 large objects"
is "the others are out" "$(ended)" 3
q src beta "select lo_unlink(4711)" >/dev/null
exits 0 "the next start" export_all
has "goes on" "$TEST_DIR/err" "goes on"
has "keeps what is out" "$TEST_DIR/err" "database alpha is out already"
is "and does the one" "$(field .database | sort | paste -sd ,)" "alpha,beta,$odd,postgres"
is "in the same group" "$(field .group | sort -u | wc -l)" 1

new
q src alpha "create function s.fail(int) returns bool language sql as 'select 1 / (\$1 - 1) = 0';
	create table s.policy (a int); insert into s.policy values (1); create role reader login; grant pg_read_all_data to reader;
	create policy p on s.policy using (s.fail(a)); alter table s.policy enable row level security"
q src beta "select lo_from_bytea(4711, 'x')" >/dev/null
exits 1 "tables and databases that fail" export_all -U reader
has "the table" "$TEST_DIR/err" "error: database alpha: 1 tables could not be taken out"
has "and the database" "$TEST_DIR/err" "error: database beta: "
q src beta "select lo_unlink(4711)" >/dev/null
exits 3 "when the rest is done, what is missing is not forgotten" export_all -U reader
has "but told" "$TEST_DIR/err" "database alpha: 1 tables could not be taken out before"
exits 0 "another choice of tables" export_all -T s.policy
is "is another group" "$(field .group | sort -u | wc -l)" 2

# --- an interruption

new
q src beta "begin; lock s.t; select pg_sleep(600)" >/dev/null 2>&1 &
until [ "$(q src beta "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted")" != 0 ]; do sleep 0.1; done
gpm-export "${all[@]}" --lock-wait-timeout 600s -T s.policy >/dev/null 2>&1 &
exporter=$!
until [ "$(q src beta "select count(*) from pg_locks where mode = 'AccessShareLock' and not granted")" != 0 ]; do sleep 0.1; done
exits 6 "two at once" export_all -T s.policy
kill -KILL "$exporter"
wait "$exporter" 2>/dev/null
q src beta "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'beta' and pid <> pg_backend_pid()" >/dev/null
wait
is "killed in the second database" "$(ended)" 1
exits 0 "it goes on" export_all -T s.policy
has "with the second" "$TEST_DIR/err" "database alpha is out already"
is "whose run goes on too" "$(field .database | paste -sd ,)" "alpha,beta,$odd,postgres"

# --- choosing

new
exits 0 "a table of one database" export_all -t s.beta_only
is "makes no run of the others" "$(field .database)" beta
has "which is told" "$TEST_DIR/err" "database alpha is passed over: no table matches 's.beta_only'"
exits 0 "again" export_all -t s.beta_only
is "is whole, and starts anew" "$(field .group | sort -u | wc -l)" 2
exits 1 "a table of none" export_all -t s.none
has "is told" "$TEST_DIR/err" "in no database: no table matches 's.none'"
exits 2 "preflight looks at one" gpm-export preflight -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d alpha --all-databases

# --- beside gpm-push

new
push_shop --follow --wait 120s >"$TEST_DIR/push.log" 2>&1 &
pusher=$!
exits 0 "an export that is followed" export_all -T s.policy --spool-limit 40KB
wait "$pusher"
is "gpm-push ends when the last database is sealed" "$?" 0
is "with all of them" "$(find "$bucket" -name manifest.jsonl | wc -l)" 4
done_testing
