#!/usr/bin/env bash
# Goal of this test: partitions that the destination does not have, or has with other bounds: their rows go through the root, once, and the
# root is proven as a whole.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/tamper.sh"

here() { gpm-import "$1" --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse "${@:2}"; }
same_orders() {
	is "$1" "$(table_md5 dst warehouse "(select id, day, total from sales.orders) o")" "$(table_md5 src shop "(select id, day, total from sales.orders) o")"
}
in_ledger="select sum(rows), count(*) from gpm.ledger where table_name = 'orders'"

# the tables, but orders as SQL makes it
destination() {
	fresh_warehouse
	load_shop -q --schema-only
	q dst warehouse "drop table sales.orders; $1"
}
pg_up src
pg_up dst
fill_shop src 5000
q src shop "insert into sales.orders select i, date '2023-06-01' + i % 900, i * 1.25 from generate_series(901, 20000) i"
exits 0 "export" export_shop --measure aggregates
exits 0 "push" push_shop
chunks=$(cat "$(run_dir)"tables/*orders*.jsonl | grep -c '"rec":"chunk"')

by_year="create table sales.orders (day date not null, total numeric, id bigint) partition by range (day);
	create table sales.o1 partition of sales.orders for values from ('2020-01-01') to ('2024-07-01');
	create table sales.o2 partition of sales.orders default"
destination "$by_year"
exits 0 "other partitions" load_shop --verify content
has "it is told" "$TEST_DIR/err" "sales.orders is not partitioned as at the source: its rows go through the root"
is "of the root once" "$(grep -c 'is not partitioned' "$TEST_DIR/err")" 1
ok "both are proven" test "$(grep -cE 'sales.orders_(2024|rest) .* verified by content, in sales.orders$' "$TEST_DIR/out")" = 2
has "and counted" "$TEST_DIR/out" "8 tables, 30,010 rows, the same as at the source"
same_orders "every row is there"
is "once" "$(q dst warehouse "$in_ledger")" "20000|$chunks"
exits 0 "again" load_shop
is "nothing more" "$(q dst warehouse "$in_ledger")" "20000|$chunks"
is "its statistics are there" "$(q dst warehouse "select count(distinct tablename) from pg_stats where tablename in ('orders', 'o1', 'o2')")" 3
exits 3 "no proof by aggregates" here check --verify aggregates
has "which is told" "$TEST_DIR/err" "sales.orders: was loaded through its root, of which the run has no aggregates"
q dst warehouse "update sales.orders set total = total + 1 where id = 1"
exits 0 "a changed value is not seen by number" here check
exits 4 "but by content" here check --verify content
has "the root is named" "$TEST_DIR/err" "sales.orders: holds as many rows, but not the same"
is "once" "$(grep -c 'holds as many' "$TEST_DIR/err")" 1
q dst warehouse "delete from sales.orders where id = 1"
exits 4 "a row that is gone is" here check
has "by number" "$TEST_DIR/err" "sales.orders: 19999 rows are here, 20000 should be"

# --- killed

# dies when some of the rows are in, and not all
hit=0
for round in 1 2 3 4 5 6 7 8 9 10; do
	destination "$by_year"
	# no function of the shell, which would stand between it and the signal
	gpm-import load --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse -q -j 1 >/dev/null 2>&1 &
	loader=$!
	while [ "$(q dst warehouse "$in_ledger")" = "|0" ] && kill -0 "$loader" 2>/dev/null; do :; done
	killed "$loader" && [ "$(q dst warehouse "$in_ledger")" != "20000|$chunks" ] && hit=$round && break
done
ok "killed between the first row and the last, in round $hit" test "$hit" -gt 0
exits 0 "after deaths it goes on" load_shop --verify content
same_orders "every row is there"
is "once" "$(q dst warehouse "$in_ledger")" "20000|$chunks"

# --- again

exits 3 "one part again" load_shop --reload sales.orders_2024
has "is refused, for its rows are among others" "$TEST_DIR/err" "sales.orders_2024: its rows are in sales.orders, where they cannot be told from those of other partitions"
has "with what to do" "$TEST_DIR/err" "hint: TRUNCATE sales.orders, and load --replace, which loads the rows of all its partitions again"
same_orders "nothing was taken away"
q dst warehouse "truncate sales.orders"
exits 4 "a root that somebody emptied" load_shop
has "is told" "$TEST_DIR/err" "sales.orders: 0 rows are here, 20000 should be"
exits 0 "and loaded again" load_shop --replace --verify content
has "which is told" "$TEST_DIR/err" "sales.orders was emptied since rows were loaded through it: they are loaded again"
same_orders "every row is there"
is "once" "$(q dst warehouse "$in_ledger")" "20000|$chunks"
exits 0 "once more there is nothing to do" load_shop --replace
hasnt "it is not" "$TEST_DIR/err" "are loaded again"

# --- one part fails

destination "$by_year"
damaged=$(find "$(run_dir)data" -path '*orders_rest*' -name '*.csv.*' | sort | tail -n 1)
cp "$damaged" "$TEST_DIR/whole"
flip_byte "$damaged" 100
exits 4 "an object of one partition is damaged" load_shop
has "it is named" "$TEST_DIR/err" "${damaged#"$bucket/"}' has another SHA-256 than its manifest says"
ok "its partition is not loaded" grep -qE '^sales.orders_rest .* NOT LOADED$' "$TEST_DIR/out"
ok "of the other nothing can be said" grep -qE '^sales.orders_2024 .* NOT VERIFIED, in sales.orders$' "$TEST_DIR/out"
hasnt "and no wrong number is told" "$TEST_DIR/err" "rows are here"
is "the other one's rows are in, once" "$(q dst warehouse "select sum(rows) from gpm.ledger where object_key like '%orders_2024%'")" \
	"$(q src shop "select count(*) from sales.orders_2024")"
cp "$TEST_DIR/whole" "$damaged"
exits 0 "with the whole object it goes on" load_shop --verify content
same_orders "every row is there"
is "once" "$(q dst warehouse "$in_ledger")" "20000|$chunks"

# --- rows of somebody else, no partitions at all, other bounds

destination "$by_year; insert into sales.orders values ('2021-01-01', 1, 1)"
exits 3 "a root with rows" load_shop
has "is refused" "$TEST_DIR/err" "sales.orders, through which its rows would go, holds 1 rows that this run did not load"
exits 0 "or added to" load_shop --append --run "$(basename "$(run_dir)")"
is "one more" "$(q dst warehouse "select count(*) from sales.orders")" 20001
destination "create table sales.orders (id bigint, day date, total numeric)"
exits 0 "a plain table" load_shop --verify content
same_orders "has every row"
destination "create table sales.orders (id bigint, day date not null, total numeric) partition by range (day);
	create table sales.orders_2024 partition of sales.orders for values from ('2024-01-01') to ('2024-07-01');
	create table sales.orders_rest partition of sales.orders default"
exits 3 "other bounds" load_shop
has "are told with what to do" "$TEST_DIR/err" "the partition has other bounds here: --through-root"
exits 0 "then through the root" load_shop --through-root --verify content
same_orders "every row is there"
exits 0 "it is as good without saying it again" here check --verify content

# --- a newer run, for which the partitions are made in another way

fresh_warehouse
exits 0 "partitions as at the source" load_shop
q dst warehouse "drop table sales.orders; $by_year"
exits 0 "export once more" export_shop
exits 0 "push" push_shop
exits 0 "in the place of what was there" load_shop --replace
hasnt "the run has partitions of that name" "$TEST_DIR/err" "this run has no table"
has "what is said of partitions that are not here is told" "$TEST_DIR/err" "schema: what is said of partitions that are not here is left out"
same_orders "every row is there"
is "nothing is noted as failed" "$(q dst warehouse "select count(*) from gpm.steps where step like 'failed %'")" 0

# --- what is made of such partitions after the rows

q src shop "create index orders_day on sales.orders (day); comment on index sales.orders_2024_day_idx is 'of a partition';
	comment on table sales.orders_2024 is 'a partition'; comment on column sales.orders_2024.day is 'its day';
	grant select on sales.orders_2024 to shop_owner; alter table sales.orders_rest add constraint positive check (total > 0);
	create table sales.deep (a int, b int) partition by range (a);
	create table sales.deep_1 partition of sales.deep for values from (0) to (100) partition by range (b);
	create table sales.deep_11 partition of sales.deep_1 for values from (0) to (100);
	comment on table sales.deep_1 is 'between';
	insert into sales.deep select i, i from generate_series(0, 99) i"
exits 0 "export" export_shop
exits 0 "push" push_shop
fresh_warehouse
exits 0 "the tables alone" here schema --section pre-data
q dst warehouse "drop table sales.orders, sales.deep; $by_year; create table sales.deep (b int, a int)"
exits 0 "indexes of partitions that are not here" load_shop --verify content
has "are told" "$TEST_DIR/err" "warning: schema: indexes and the like of partitions that are not here are not made"
is "each once" "$(grep -c 'partitions that are not here' "$TEST_DIR/err")" 2
same_orders "every row is there"
exits 0 "export once more" export_shop
exits 0 "push" push_shop
exits 3 "a root is not emptied" load_shop --replace
hasnt "but nothing of the schema fails" "$TEST_DIR/err" ".sql, line"
q dst warehouse "truncate sales.orders, sales.deep"
exits 0 "by hand it is" load_shop --replace --verify content
same_orders "every row is there"
q dst warehouse "drop index sales.lines_sku_idx"
q src shop "comment on index sales.lines_sku_idx is 'of a table that is here'"
exits 0 "export once more" export_shop
exits 0 "push" push_shop
q dst warehouse "truncate sales.orders, sales.deep"
exits 0 "an index of a table that is here" load_shop --replace
is "is made again, with what is said of it" "$(q dst warehouse "select obj_description('sales.lines_sku_idx'::regclass)")" "of a table that is here"
hasnt "and those of partitions that are not here are not" "$TEST_DIR/err" "statement failed"
done_testing
