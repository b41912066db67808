#!/usr/bin/env bash
# Goal of this test: gpm-import watch, as cron starts it: silent until a run is sealed and again when it is loaded and verified; killed, it
# goes on; two at once exclude each other; and as a service it stays for the next run.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/session.sh"

watch_shop() {
	gpm-import watch --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse "$@"
}
silently() { # STATUS NAME COMMAND…
	exits "$1" "$2" "${@:3}"
	is "$2: silently" "$(cat "$TEST_DIR/out" "$TEST_DIR/err")" ""
}

pg_up src
pg_up dst
fill_shop src 5000
fresh_warehouse
exits 5 "an empty bucket" watch_shop
has "is told" "$TEST_DIR/err" "there is no sealed run"
silently 5 "or not" watch_shop -q
exits 0 "export" export_shop
mkdir "$TEST_DIR/mirror"
exits 0 "push" gpm-push --spool "$spool" --to "file://$TEST_DIR/mirror" --keep
cp -r "$TEST_DIR/mirror/." "$bucket"
rm "$bucket"/*/manifest.jsonl
silently 5 "a run that is not sealed" watch_shop -q
is "of which nothing was loaded" "$(q dst warehouse "select count(*) from pg_namespace where nspname in ('sales', 'gpm')")" 0
cp "$TEST_DIR"/mirror/*/manifest.jsonl "$bucket"/*/

# --- killed as it is sealed, by turns

hits=0
for delay in 0.05 0.1 0.15; do
	# no function of the shell, which would stand between it and the signal
	gpm-import watch --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse -q -j 1 >/dev/null 2>&1 &
	watcher=$!
	sleep "$delay"
	killed "$watcher" && hits=$((hits + 1))
done
ok "killed $hits times" test "$hits" -gt 0
# with another proof: a kill may have come too late for the first
exits 0 "sealed, and killed" watch_shop --verify content --html "$TEST_DIR/page.html"
has "it says what it did" "$TEST_DIR/out" "8 tables, 10,910 rows, the same as at the source"
has "by which proof" "$TEST_DIR/out" "verified by content"
has "and the page does" "$TEST_DIR/page.html" "8 tables, 10,910 rows, the same as at the source"
same_shop "every row is there once"
silently 0 "once more there is nothing to do" watch_shop --verify content
silently 0 "nor for a weaker proof" watch_shop
q dst warehouse "delete from gpm.steps where step = 'verified content'; insert into gpm.steps select run, 'verified count' from gpm.ledger
	on conflict do nothing"
exits 0 "but for a stronger one" watch_shop --verify content
has "which is given" "$TEST_DIR/out" "verified by content"
q dst warehouse "delete from gpm.steps where step like 'verified%'; delete from sales.floats where a = 1 / 7.0::float8"
exits 4 "a row is missing before the verdict" watch_shop
has "the table is named" "$TEST_DIR/err" "sales.floats"
exits 4 "nothing of this makes it done" watch_shop

# --- two at once

fresh_warehouse
q dst warehouse "create schema sales; create table sales.empty (a int, b text)"
speak 7
echo "begin; lock table sales.empty in access exclusive mode; select 'held'" >&7
echo "select 1" >&7
until_true "select count(*) = 1 from pg_locks where relation = 'sales.empty'::regclass and mode = 'AccessExclusiveLock'"
watch_shop >"$TEST_DIR/first" 2>&1 7>&- &
first=$!
until_true "select count(*) > 0 from pg_locks where locktype = 'advisory' and granted"
exits 6 "another one at the same time" watch_shop 7>&-
has "is told so" "$TEST_DIR/err" "another gpm-import works on this database"
silently 6 "or not" watch_shop -q 7>&-
echo "commit" >&7
silent 7
wait "$first"
is "the first one ends: the table was there" "$?" 3
same_shop "with every row"

# --- as a service

fresh_warehouse
watch_shop --interval 1 --run "$(basename "$bucket"/*/)" >"$TEST_DIR/out" 2>"$TEST_DIR/err"
is "a run that is named, loaded: it ends" "$?" 0
has "with the verdict" "$TEST_DIR/out" "8 tables, 10,910 rows, the same as at the source"
fresh_warehouse
gpm-import watch --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse --interval 1 -v >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
watcher=$!
until_true "select count(*) = 1 from gpm.steps where step = 'verified count'"
kill "$watcher"
wait "$watcher"
is "else a signal ends it" "$?" 143
is "it loaded once" "$(grep -c 'the same as at the source' "$TEST_DIR/out")" 1

# the next run arrives while it waits
gpm-import watch --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse --interval 1 --replace -v >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
watcher=$!
until_true "select count(*) > 0 from pg_stat_activity where application_name like 'gpm-import %'"
q src shop "insert into sales.empty values (1, 'new'); update sales.lines set note = 'new' where id % 3 = 0"
ok "another export" export_shop -q
ok "push" push_shop -q
second=$(basename "$(printf '%s\n' "$bucket"/*/ | sort | tail -n 1)")
ok "the next run is loaded" until_true "select count(*) = 1 from gpm.steps where run = '$second' and step = 'verified count'"
kill "$watcher"
wait "$watcher"
is "a signal ends it" "$?" 143
has "it says which" "$TEST_DIR/out" "run $second of shop is verified: 8 tables, 10,911 rows"
is "once, and the first one not again" "$(grep -c 'the same as at the source' "$TEST_DIR/out")" 1
same_shop "every row is as it is now"

# the next one is refused: it does not stay
q dst warehouse "insert into sales.empty values (2, 'of an application')"
ok "a third export" export_shop -q
gpm-import watch --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse --interval 1 --replace >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
watcher=$!
ok "push" push_shop -q
wait "$watcher"
is "a table that is refused ends it" "$?" 3
has "by its name" "$TEST_DIR/err" "sales.empty: holds 2 rows, of which earlier runs loaded 1"
exits 2 "schema only" watch_shop --schema-only
done_testing
