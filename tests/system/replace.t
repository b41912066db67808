#!/usr/bin/env bash
# Goal of this test: a table is loaded again, a newer run takes an earlier one's place, at any moment of death; and what is not
# the run's own rows is never emptied unless the table is named.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/session.sh"

# The ledger says what is there: no line of an earlier run about a table that a later one has, and the rows of the latter.
ledger_is_exact() { # RUN
	is "the ledger has the run's rows and no others" "$(q dst warehouse "select sum(rows), count(*) = count(distinct (table_no, batch, seq)) from gpm.ledger
		where run = '$1'; select count(*) from gpm.ledger l where run <> '$1' and exists (select 1 from gpm.tables t
		where t.run = '$1' and t.schema_name = l.schema_name and t.table_name = l.table_name)")" \
		"$(jq -s '[.[] | select(.rec == "manifest") | .rows] | add' "$bucket/$1/manifest.jsonl")|t
0"
}
owner_and_comment() {
	q dst warehouse "select pg_get_userbyid(relowner), obj_description('sales.odd'::regclass) from pg_class where oid = 'sales.lines'::regclass"
}
newest() { basename "$(printf '%s\n' "$bucket"/*/ | sort | tail -n 1)"; }

pg_up src
pg_up dst
fill_shop src 5000
fresh_warehouse
exits 0 "export" export_shop
exits 0 "push" push_shop
exits 0 "load" load_shop
first=$(newest)

# --- one table again

exits 0 "a table that foreign keys point to, again" load_shop --reload sales.lines --verify content
has "it is told" "$TEST_DIR/err" "sales.lines was emptied"
hasnt "of no other" "$TEST_DIR/err" "sales.odd was emptied"
ledger_is_exact "$first"
q dst warehouse "insert into sales.floats values (1)"
exits 0 "one with rows of somebody else" load_shop --reload SALES.floats --reload 5
same_shop "all as at the source"
ledger_is_exact "$first"
exits 1 "one that there is not" load_shop --reload sales.nothing
has "is named" "$TEST_DIR/err" "has no rows of a table sales.nothing"
exits 2 "nothing but load does it" gpm-import check --from "file://$bucket" -d warehouse --reload sales.lines

q dst warehouse "vacuum full sales.odd"
exits 0 "a table that was only written anew" load_shop
q dst warehouse "insert into sales.odd (a, b) values (1, 'of an application')"; q dst warehouse "vacuum full sales.odd"
exits 3 "one with rows of an application besides" load_shop
has "is told so" "$TEST_DIR/err" "sales.odd: was written anew since it was loaded, and holds rows that this run did not load: 4001 are here, 4000 should be"
has "with what to do" "$TEST_DIR/err" "hint: gpm-import diff shows them: keep those that an application needs elsewhere, delete them here, and load again"
hasnt "not as emptied, and nothing is advised that would take them away" "$TEST_DIR/err" "--reload"
exits 4 "what is told to show them" gpm-import diff --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse -t sales.odd
has "does" "$TEST_DIR/out" "of an application"
q dst warehouse "delete from sales.odd where b = 'of an application'"; q dst warehouse "vacuum full sales.odd"
exits 0 "without them" load_shop
q dst warehouse "truncate sales.floats"
exits 3 "one that was emptied" load_shop
has "is told" "$TEST_DIR/err" "sales.floats: was emptied since it was loaded: 0 rows are here, 1002 should be"
has "with what to do" "$TEST_DIR/err" "load --reload '\"sales\".\"floats\"'"
q dst warehouse "create table t as select * from sales.one_column; drop table sales.one_column; alter table t rename to one_column;
	alter table one_column set schema sales"
exits 3 "one that was made anew" load_shop
has "is told" "$TEST_DIR/err" "sales.one_column: is not the table that was loaded"
exits 0 "both are loaded again" load_shop --reload '"sales"."floats"' --reload '"sales"."one_column"' --verify content
same_shop "all as at the source"
ledger_is_exact "$first"
q dst warehouse "create role plain login; grant postgres, shop_owner to plain"
exits 3 "who cannot pass over foreign keys" load_shop -U plain --reload sales.lines
has "is told so" "$TEST_DIR/err" "sales.lines: cannot be emptied: foreign keys of other tables point to it"
has "and keeps the rows" "$TEST_DIR/out" "5,000  NOT LOADED"
exits 0 "which are there" load_shop

q dst warehouse "create table public.ours (id bigint references sales.lines on delete cascade); insert into public.ours values (7);
	create table public.theirs (id bigint references sales.lines, other bigint references sales.lines)"
exits 3 "a table that one of somebody else's points to" load_shop --reload sales.lines
has "is refused by the names of all such" "$TEST_DIR/err" \
	"sales.lines: cannot be emptied: foreign keys of tables that are not of this run point to it: public.ours, public.theirs"
is "and untouched" "$(q dst warehouse "select count(*) from sales.lines")" 5000
q dst warehouse "drop table public.ours, public.theirs"
q dst warehouse "create table sales.parts (id bigint references sales.lines) partition by range (id);
	create table sales.parts_1 partition of sales.parts for values from (1) to (9)"
exits 3 "nor a partitioned one" load_shop --reload sales.lines
has "is passed over" "$TEST_DIR/err" "point to it: sales.parts"
q dst warehouse "drop table sales.parts; alter table sales.orders add constraint o foreign key (id) references sales.lines"
exits 0 "one of the run is" load_shop --reload sales.lines
q dst warehouse "alter table sales.orders drop constraint o"

# --- a newer run in its place

q src shop "update sales.lines set note = 'new' where id % 7 = 0; delete from sales.one_column where a is null;
	insert into sales.floats values (4), (5); create table sales.fresh (a int primary key); insert into sales.fresh values (1), (2);
	drop table sales.empty; create index on sales.lines (qty);
	create role second_owner; alter table sales.lines owner to second_owner; comment on table sales.odd is 'second'; grant select on sales.v to second_owner"
exits 0 "export once more" export_shop
exits 0 "push" push_shop
shop_tables() { printf '%s\n' sales.lines sales.odd sales.fresh sales.one_column sales.floats sales.orders_2024 sales.orders_rest; }
second=$(newest)
exits 3 "not without being asked" load_shop --data-only
has "a table is refused" "$TEST_DIR/err" "sales.odd: holds 4000 rows that this run did not load"
is "and untouched" "$(q dst warehouse "select count(*) from sales.lines where note = 'new'")" 0
exits 2 "nor both ways" load_shop --append --replace --run "$second"
q dst warehouse "insert into sales.floats values (1); create table t as select * from sales.one_column; drop table sales.one_column;
	alter table t rename to one_column; alter table one_column set schema sales"
exits 3 "rows of somebody else" load_shop --replace
has "what is the same stays" "$TEST_DIR/err" "tables hold the rows of these very objects already, and keep them"
hasnt "such a table is not emptied" "$TEST_DIR/err" "sales.odd was emptied"
has "are not taken" "$TEST_DIR/err" "sales.floats: holds 1003 rows, of which earlier runs loaded 1002: others were added or removed"
is "they are there" "$(q dst warehouse "select count(*) from sales.floats")" 1003
hasnt "the run has a table of that name" "$TEST_DIR/err" "sales.floats was loaded by run"
has "nor a table that somebody made anew, with as many" "$TEST_DIR/err" "sales.one_column: is not the table that earlier runs loaded: it was made anew since"
has "which is told with what to do" "$TEST_DIR/err" "load --reload '\"sales\".\"one_column\"'"
is "its rows are there" "$(q dst warehouse "select count(*) from sales.one_column")" 6
q dst warehouse "delete from sales.floats where a = 1 and b is null"
speak 7
echo "begin; insert into sales.floats values (1); select 'written';" >&7
until_true "select count(*) = 1 from pg_stat_activity where application_name = 'session7' and state = 'idle in transaction'"
gpm-import load -q --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse --replace \
	>"$TEST_DIR/replace.out" 2>"$TEST_DIR/replace.err" 7>&- &
loader=$!
ok "a load waits for somebody who writes" until_true "select count(*) > 0 from pg_locks l join pg_class c on c.oid = relation where not granted and relname = 'floats'"
echo "commit;" >&7
silent 7
wait "$loader"
is "and then refuses the table" $? 3
has "by its name" "$TEST_DIR/replace.err" "sales.floats: holds 1003 rows, of which earlier runs loaded 1002"
is "what was written meanwhile is there" "$(q dst warehouse "select count(*) from sales.floats")" 1003
exits 0 "without them" load_shop --replace --reload sales.floats --reload sales.one_column --verify content
has "what is gone at the source is told" "$TEST_DIR/err" "sales.empty was loaded by run $first; this run has no table of that name"
hasnt "nothing is made twice" "$TEST_DIR/err" "already"
same_shop "all as at the source now"
is "a new table" "$(q dst warehouse "select count(*) from sales.fresh")" 2
is "a new owner, and another comment" "$(owner_and_comment)" "second_owner|second"
is "a new index" "$(q dst warehouse "select count(*) from pg_indexes where tablename = 'lines'")" 3
is "a view has the new rows" "$(q dst warehouse "select count(*) from sales.v where note = 'new'")" 714
is "one that is materialized, too" "$(q dst warehouse "select sum(qty) from sales.totals")" "$(q src shop "select sum(qty) from sales.lines")"
ledger_is_exact "$second"
exits 0 "once more there is nothing to do" load_shop --replace
hasnt "no table was emptied" "$TEST_DIR/err" "was emptied"

# --- a table that was dropped, and made anew

remake() { # TABLE: as SQL makes one like it, without rows
	q dst warehouse "create table made (like $1); drop table $1; alter table made rename to ${1#*.}; alter table ${1#*.} set schema sales"
}
remake sales.floats
exits 3 "one without rows, where nothing is to be replaced" load_shop
has "is told, for its rows are gone" "$TEST_DIR/err" "sales.floats: is not the table that was loaded"
exits 0 "in an earlier one's place" load_shop --replace --verify content
has "it is loaded again" "$TEST_DIR/err" "sales.floats was dropped and made anew since the load came to it: its rows are loaded into the new one"
same_shop "all as at the source"
ledger_is_exact "$second"
remake sales.floats; q dst warehouse "insert into sales.floats values (7)"
exits 3 "one with rows of somebody" load_shop --replace
has "is not" "$TEST_DIR/err" "sales.floats: is not the table that was loaded"
is "they are there" "$(q dst warehouse "select count(*) from sales.floats")" 1
q dst warehouse "drop table sales.floats; create table sales.floats (a float8, b float4)"
exits 3 "one that does not fit" load_shop --replace
q dst warehouse "drop table sales.floats; create table sales.floats (a float8, b float4, c float8[], d point)"
exits 0 "nothing was loaded into it: the next is" load_shop
same_shop "all as at the source"
ledger_is_exact "$second"

# --- killed

q src shop "alter table sales.lines owner to shop_owner; comment on table sales.odd is E'it''s; a \"comment\" \$\$ -- really';
	update sales.lines set note = md5(note); update sales.odd set b = 'third' where a % 3 = 0"
exits 0 "a third export" export_shop
exits 0 "push" push_shop
third=$(newest)
kill_loads 0.04 0.08 0.1 0.12 0.14 0.16 0.18 0.2 0.22 0.25
ok "killed $hits times" test "$hits" -gt 0
exits 0 "after deaths it goes on" load_shop --replace --verify content
same_shop "all as at the source"
ledger_is_exact "$third"
is "what the second run said otherwise is as the first one said it, and the third" "$(owner_and_comment)" "shop_owner|it's; a \"comment\" \$\$ -- really"

# --- what is the same stays

node() { q dst warehouse "select relfilenode from pg_class where oid = 'sales.$1'::regclass"; }
next_run() { # SQL
	q src shop "$1" >/dev/null || return
	export_shop -q --new-run && push_shop -q
}
lines=$(node lines) odd=$(node odd)
ok "one table was written to" next_run "insert into sales.odd (a, b) values (4711, 'more')"
exits 0 "it takes an earlier one's place" load_shop --replace --verify content
has "all others stay" "$TEST_DIR/err" "7 tables hold the rows of these very objects already, and keep them"
is "that one is emptied, the others are not touched" "$(grep -c 'was emptied' "$TEST_DIR/err") $(node lines) $([ "$(node odd)" = "$odd" ] || echo anew)" "1 $lines anew"
same_shop "all as at the source"
ledger_is_exact "$(newest)"
ok "none was" next_run ""
exits 0 "all stay" load_shop --replace
has "and are told" "$TEST_DIR/err" "8 tables hold the rows of these very objects already"
hasnt "none is emptied" "$TEST_DIR/err" "was emptied"
ledger_is_exact "$(newest)"
exits 0 "once more there is nothing to do" load_shop --replace --verify content
hasnt "nor to keep" "$TEST_DIR/err" "already, and keep them"
ok "a value was changed, which leaves as many rows in as many objects" next_run "update sales.one_column set a = 'y' where a = 'x'"
exits 0 "that table is loaded again" load_shop --replace
is "and no other" "$(grep -o '[a-z_.]* was emptied' "$TEST_DIR/err")" "sales.one_column was emptied"
same_shop "all as at the source"
ok "none was again" next_run ""
q dst warehouse "update sales.lines set note = 'by somebody' where id = 7; delete from sales.odd where a = 4711; alter table sales.one_column rename a to other"
exits 4 "what somebody has changed" load_shop --replace --verify content
has "in place, content shows" "$TEST_DIR/err" "sales.lines: "
has "a number of rows is refused" "$TEST_DIR/err" "sales.odd: holds "
has "another column's name as well" "$TEST_DIR/err" 'sales.one_column: COPY failed: column "a" of relation "one_column" does not exist'
q dst warehouse "alter table sales.one_column rename other to a"
exits 0 "they are loaded again" load_shop --replace --reload sales.lines --reload sales.odd --verify content
same_shop "all as at the source"
ledger_is_exact "$(newest)"

# --- what was altered at the source

q src shop "drop view sales.v; create view sales.v as select id, qty from sales.lines; drop index sales.lines_qty_idx; create index lines_qty_idx on sales.lines (price);
	alter table sales.fresh add b int; alter sequence sales.alone maxvalue 7"
exits 0 "a fourth export" export_shop
exits 0 "push" push_shop
exits 3 "in an earlier one's place" load_shop --replace
has "a table that runs alone made and filled is made anew" "$TEST_DIR/err" "table sales.fresh was dropped: made anew, as the run has it"
has "and a view" "$TEST_DIR/err" "view sales.v was dropped: made anew, as the run has it"
has "a sequence stays, and is told" "$TEST_DIR/err" 'warning: what is here already stays, though the run has it otherwise: sequence sales.alone; ALTER it as it is at the source'
is "an index is left" "$(grep -c 'error: .*statement failed' "$TEST_DIR/err") $(grep -c 'relation "lines_qty_idx" already exists' "$TEST_DIR/err")" "1 1"
has "with what to do" "$TEST_DIR/err" "hint: it is here as an earlier run made it, or somebody else: drop it here, and the next start makes it as the source has it"
hasnt "and what is no way" "$TEST_DIR/err" "load into an empty database"
is "as the source has it" "$(q dst warehouse "select count(*) from pg_attribute where attrelid = 'sales.v'::regclass and attnum > 0")" 2
q dst warehouse "drop index sales.lines_qty_idx"
exits 0 "that is made too" load_shop --replace --verify content
same_shop "all as at the source"
done_testing
