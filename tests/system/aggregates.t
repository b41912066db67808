#!/usr/bin/env bash
# Goal of this test: the counts, bounds and sums of gpm-export --measure aggregates, and what check --verify
# aggregates finds by them, and what it cannot find.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

check_shop() {
	gpm-import check --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse "$@"
}

# The aggregates of a table, as its manifest has them.
aggregates() {
	jq -c 'select(.rec == "done") | .aggregates.columns' "$(run_dir)"tables/*"-$1.jsonl"
}

pg_up src
pg_up dst
fill_shop src
q src shop "
	create domain sales.cents as numeric(10, 2); create domain sales.money as sales.cents; create domain sales.price as sales.money check (value > 0);
	create table sales.every (s smallint, i int, b bigint, n numeric, d date, t time, tz timetz, ts timestamp(3), tstz timestamptz,
		v varchar(20), c char(8), x text, y bytea, f float8, o bool, a int[], p sales.price, j jsonb, \"q\"\"uote\" int);
	insert into sales.every values
		(-32768, 2147483647, 9223372036854775807, 1.50, 'infinity', '23:59:60', '12:00+02', '2024-02-29 1:2:3.456',
		 '2024-01-01 00:00+02', 'ünï', 'ab', 'x', '\\x00ff', 1.5, true, '{1,2}', 2.5, '{}', 7),
		(32767, 2147483647, 9223372036854775807, 1.5, '4713-01-01 BC', '0:0', '12:00+01', '1999-12-31', '-infinity', null, '', '', '', null,
		 false, null, null, null, null),
		(null, null, null, 'NaN', null, null, null, null, null, null, null, null, null, null, null, null, null, null, 1)" >/dev/null
q src shop "do \$\$ begin execute 'create table sales.wide (' ||
	(select string_agg('c' || i || ' numeric', ', ') from generate_series(1, 900) i) || ')'; end \$\$;
	insert into sales.wide (c1, c900) values (1, 2), (3, 4)" >/dev/null
fresh_warehouse

exits 0 "export without aggregates" export_shop
exits 0 "push it" push_shop
exits 2 "load --verify aggregates of a run that has none" load_shop --verify aggregates
has "says how to get them" "$TEST_DIR/err" "gpm-export --measure aggregates"
is "nothing was loaded" "$(q dst warehouse "select count(*) from pg_namespace where nspname in ('sales', 'gpm')")" 0
exits 2 "a level that does not exist" load_shop --verify all
exits 2 "a measure that does not exist" export_shop --measure all

rm -rf "$spool" "${bucket:?}"/*
exits 0 "export with aggregates" export_shop --measure aggregates
exits 0 "push" push_shop
exits 0 "verify" verify_shop --full
is "bounds, exact sums and lengths" "$(aggregates sales.every)" "$(tr -d '\n\t' <<'JSON'
[{"non_null":"2","min":"-32768","max":"32767","sum":"-1"},
{"non_null":"2","min":"2147483647","max":"2147483647","sum":"4294967294"},
{"non_null":"2","min":"9223372036854775807","max":"9223372036854775807","sum":"18446744073709551614"},
{"non_null":"3","min":"1.5","max":"NaN","sum":"NaN"},
{"non_null":"2","min":"4713-01-01 BC","max":"infinity"},
{"non_null":"2","min":"00:00:00","max":"24:00:00"},
{"non_null":"2","min":"12:00:00+02","max":"12:00:00+01"},
{"non_null":"2","min":"1999-12-31 00:00:00","max":"2024-02-29 01:02:03.456"},
{"non_null":"2","min":"-infinity","max":"2023-12-31 22:00:00+00"},
{"non_null":"1","length":"3"},
{"non_null":"2","length":"2"},
{"non_null":"2","length":"1"},
{"non_null":"2","length":"2"},
{"non_null":"1"},{"non_null":"2"},{"non_null":"1"},{"non_null":"1","min":"2.5","max":"2.5","sum":"2.5"},{"non_null":"1"},
{"non_null":"2","min":"1","max":"7","sum":"8"}]
JSON
)"
is "nine hundred columns are measured" "$(aggregates sales.wide | jq -c '[length, .[0].sum, .[899].max]')" '[900,"4","4"]'
is "no rows: counts alone" "$(aggregates sales.empty)" '[{"non_null":"0"},{"non_null":"0"}]'

exits 0 "load --verify aggregates" load_shop --verify aggregates
has "the verdict names the level" "$TEST_DIR/out" "is verified by aggregates: 10 tables"

# NAME, the change, what is said, how it is undone
finds() {
	q dst warehouse "$2" >/dev/null
	exits 4 "$1" check_shop --verify aggregates
	has "$1: it is said" "$TEST_DIR/err" "$3"
	q dst warehouse "$4" >/dev/null
}
finds "a changed number" "update sales.lines set qty = qty + 1 where id = 77" \
	"sales.lines: column qty: the sum is " "update sales.lines set qty = qty - 1 where id = 77"
finds "a value that became NULL" "update sales.every set o = null where o" \
	"sales.every: column o: the number of values is 1, the source's is 2" "update sales.every set o = true where s = -32768"
finds "a time a millisecond off" "update sales.every set ts = ts + '1 ms' where s = -32768" \
	"sales.every: column ts: the largest value is 2024-02-29 01:02:03.457, the source's is 2024-02-29 01:02:03.456" \
	"update sales.every set ts = ts - interval '1 ms' where s = -32768"
finds "a longer text" "update sales.odd set b = b || ' ' where a = 1007" \
	"sales.odd: column b: the total length is " "update sales.odd set b = left(b, -1) where a = 1007"
finds "a row less" "delete from sales.wide where c1 = 3" "sales.wide: 1 rows are here, 2 should be" \
	"insert into sales.wide (c1, c900) values (3, 4)"
finds "the last of many columns" "update sales.wide set c900 = 5 where c1 = 1" "sales.wide: column c900: the " \
	"update sales.wide set c900 = 2 where c1 = 1"
exits 0 "all is as it was" check_shop --verify aggregates

q dst warehouse "update sales.lines set note = reverse(note) where id = 5" >/dev/null
exits 0 "a text of the same length is not found by aggregates" check_shop --verify aggregates
exits 4 "but by content" check_shop --verify content
has "with the table's name" "$TEST_DIR/err" "sales.lines: "
done_testing
