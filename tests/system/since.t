#!/usr/bin/env bash
# Goal of this test: of a table that only grows a later run brings the newer rows (--since), which are added only where all others are, and the whole is
# proven; what came late, was changed or is not there is told, and never passed over.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/tamper.sh"

newest() { basename "$(printf '%s\n' "$bucket"/*/ | sort | tail -n 1)"; }
later() { export_shop --data-only -t log.events -t log.days "$@"; }
wipe() { rm -rf "${spool:?}" "${bucket:?}/$(newest)"; }
check_shop() { gpm-import check --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse "$@"; }
rows_of() { q "$1" "$2" "select count(*), md5(string_agg(t::text, '|' order by t::text)) from $3 t"; }
same() { # TABLE…
	local table

	for table; do is "$table is the same" "$(rows_of dst warehouse "$table")" "$(rows_of src shop "$table")"; done
}
more() { # FROM TO
	q src shop "insert into log.events select i, timestamptz '2026-01-01 00:00+00' + i * interval '1 min', 'it''s ' || i from generate_series($1, $2) i;
		insert into log.days select date '2026-01-01' + i / 40, i from generate_series($1, $2) i"
}

pg_up src
pg_up dst
fill_shop src 4000
q src shop 'create schema log;
	create table log.events ("Event ""no" bigint, at timestamptz, note text);
	create table log.days (day date, n int) partition by range (day);
	create table log.days_january partition of log.days for values from (minvalue) to ($$2026-02-01$$);
	create table log.days_february partition of log.days for values from ($$2026-02-01$$) to (maxvalue)'
more 1 2000
q src shop 'insert into log.events values (null, null, null)'
fresh_warehouse
ok "export of all" export_shop -q
ok "push" push_shop -q
exits 0 "load" load_shop -q
first=$(newest)

# --- what is no --since

for wrong in log.events 'log.events:n' 'log.events:>5' ':n>5' 'log.events:n>' '"log:events"'; do
	exits 2 "--since $wrong" later --since "$wrong"
	has "is told what it is" "$TEST_DIR/err" "--since is TABLE:COLUMN>VALUE"
done
exits 2 "a column that is not there" later --since 'log.events:event>5'
has "is named" "$TEST_DIR/err" "log.events has no column 'event'"
exits 2 "a type without one order" later --since 'log.events:note>a'
has "is named too" "$TEST_DIR/err" "column 'note' of log.events is of type text"
exits 2 "a value that is none" later --since 'log.events:at>soon'
has "is the server's to tell" "$TEST_DIR/err" 'invalid input syntax for type timestamp with time zone: "soon"'
exits 2 "a value that is more than one" later --since "log.events:at>2026-01-01' or true --"
exits 2 "a table that is meant twice" later --since 'log.events:Event "no>5' --since 'log.*:at>2026-01-01'
exits 2 "all databases" gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U postgres --spool "$spool" --all-databases --since "log.days:n>5"
exits 1 "a table that there is not" later --since 'log.nothing:n>5'
has "is told by its pattern" "$TEST_DIR/err" "no table matches 'log.nothing'"
exits 2 "a view" later --since 'sales.v:id>5'
has "holds no rows" "$TEST_DIR/err" "'sales.v' is no table that holds rows"
is "none of them left a run" "$(find "$spool" -name 'export.jsonl' | wc -l | tr -d ' ')" 1

# --- the newer rows, and they alone

more 2001 2100
exits 0 "export of what is newer" later -v -j 2 --since 'log.events:Event "no>2000' --since 'log.days:n>2000'
has "as few rows as there are" "$TEST_DIR/err" "3 tables, 200 rows"
ok "push" push_shop -q
second=$(newest)
is "the manifests say how many others there are" "$(cat "$bucket/$second"/tables/*.jsonl | jq -c 'select(.rec == "table") | .name, .since_value, .filter' | paste -sd' ')" \
	'"days_february" "2000" "WHERE \"n\" > '"'2000'"'" "days_january" "2000" "WHERE \"n\" > '"'2000'"'" "events" "2000" "WHERE \"Event \"\"no\" > '"'2000'"'"'
is "by a count of the same snapshot" "$(cat "$bucket/$second"/tables/*.jsonl | jq -c 'select(.rec == "done") | [.rows, .rest]' | paste -sd' ')" "[100,761] [0,1239] [100,2001]"
exits 0 "load adds them" load_shop --data-only --verify content
has "and proves them" "$TEST_DIR/out" "is verified by content: 3 tables, 200 rows"
same log.events log.days
is "the ledger keeps what earlier runs loaded" "$(q dst warehouse "select sum(rows) from gpm.ledger where table_name = 'events'")" 2101
exits 0 "load again does nothing" load_shop -q --data-only
same log.events log.days
exits 0 "check" check_shop --verify content
exits 3 "plan has no script for them" gpm-import plan --from "file://$bucket"
has "and says why" "$TEST_DIR/err" "has only its newer rows in this run"
exits 3 "they are not loaded in the place of the whole" load_shop --data-only --reload log.events
has "is told" "$TEST_DIR/err" "it cannot be emptied for them"
same log.events
q dst warehouse 'update log.events set note = $$x$$ where "Event ""no" = 2050'
exits 4 "a newer row that was changed here" check_shop --verify content
q dst warehouse 'update log.events set note = $$it$$ || chr(39) || $$s 2050$$ where "Event ""no" = 2050'
q dst warehouse 'delete from log.events where "Event ""no" = 5'
exits 3 "an older row that is gone here" check_shop
has "is told" "$TEST_DIR/err" "log.events: holds 2000 rows besides those of this run, Event \"no > '2000'; the source holds 2001"
q dst warehouse 'insert into log.events select 5, timestamptz $$2026-01-01 00:00+00$$ + 5 * interval $$1 min$$, $$it$$ || chr(39) || $$s 5$$'
exits 0 "and mended" check_shop --verify content

# --- what came late, and what was changed

wipe
q dst warehouse "delete from log.events where \"Event \"\"no\" > 2000; delete from gpm.ledger where run = '$second'; delete from gpm.tables where run = '$second';
	delete from log.days where n > 2000"
q src shop "insert into log.events values (1999, now(), 'of a transaction that was long under way')"
ok "export with a row that came late" later --since 'log.events:Event "no>2000' --since 'log.days:n>2000'
ok "push" push_shop -q
exits 3 "load finds that there is one more" load_shop --data-only
has "and tells" "$TEST_DIR/err" "log.events: holds 2001 rows besides those of this run, Event \"no > '2000'; the source holds 2002"
has "with what to do" "$TEST_DIR/err" "export the whole table, and load --replace"
is "no row of it came" "$(q dst warehouse 'select count(*) from log.events where "Event ""no" > 2000')" 0
is "the other table has its rows" "$(q dst warehouse 'select count(*) from log.days where n > 2000')" 100
q src shop "delete from log.events where note like 'of a transaction%'"
wipe
q dst warehouse "insert into log.events values (3000, now(), 'ours')"
ok "export" later --new-run --since 'log.events:Event "no>2000' --since 'log.days:n>2100'
ok "push" push_shop -q
exits 3 "rows behind the value that are not the run's" load_shop --data-only
has "are told" "$TEST_DIR/err" "log.events: holds 1 rows with Event \"no > '2000' that this run did not load"
q dst warehouse "delete from log.events where note = 'ours'"
exits 0 "without them" load_shop --data-only --verify content
same log.events log.days

# --- a table without a value in the run before, values of other types, measured

more 2120 2150
ok "export since a moment, measured" later --measure aggregates --since "log.events:at>2026-01-02 11:00+00" --since 'log.days:day>2026-02-22'
ok "push" push_shop -q
is "the value is as its type writes it" "$(cat "$bucket/$(newest)"/tables/*.jsonl | jq -r 'select(.rec == "table" and .name == "events") | .since_value')" "2026-01-02 11:00:00+00"
exits 0 "load" load_shop --data-only --verify aggregates
same log.events log.days

# --- beside whole tables, and replaced by one

more 2151 2200
q src shop "delete from sales.floats"
ok "all else as a whole" export_shop -q --since 'log.events:Event "no>2150' --since 'log.days:n>2150'
ok "push" push_shop -q
exits 0 "load" load_shop --replace --verify content
same log.events log.days sales.floats sales.lines
ok "at last all as a whole" export_shop -q --new-run
ok "push" push_shop -q
exits 0 "which takes the place of all that were before" load_shop --replace --verify content
same log.events log.days sales.lines

# --- an export that died, a root, a stranger's condition

rm -rf "$spool"
more 2201 2300
ok "export" later --since 'log.events:Event "no>2200'  --since 'log.days:n>2200'
sed -i '/"rec":"end"/d; /"rec":"done".*"table":3/d' "$spool"/*/export.jsonl
exits 0 "an export that did not end, with another value" later --since 'log.events:Event "no>2210'  --since 'log.days:n>2200'
has "is a new run" "$TEST_DIR/err" "starts"
rm -rf "$spool"
ok "export" later --since 'log.events:Event "no>2200'  --since 'log.days:n>2200'
ok "push" push_shop -q
cd "$bucket/$(newest)" || exit 1
cp -a . "$TEST_DIR/good"
table=$(grep -l '"name":"events"' tables/*)
sed -i "s/ > '2200'\"/ > '2200' or true\"/" "$table"
reseal_all "$table"
exits 4 "a condition that is not the value's" load_shop --data-only
has "is not run" "$TEST_DIR/err" "is not what the root manifest says of log.events"
cp -a "$TEST_DIR/good/." .
q dst warehouse "delete from gpm.steps where run = '$(newest)'"
exits 0 "the run as it was" load_shop --data-only --verify content
same log.events log.days
q dst warehouse "alter table log.days detach partition log.days_january; drop table log.days_january; drop table log.days_february"
rm -rf "$spool"
more 2301 2310
ok "export" later --since 'log.events:Event "no>2300' --since 'log.days:n>2300'
ok "push" push_shop -q
exits 3 "partitions that are not there" load_shop --data-only
has "are told" "$TEST_DIR/err" "is not partitioned as at the source, and has only rows with n > '2300' in this run"
same log.events
done_testing
