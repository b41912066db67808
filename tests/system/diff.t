#!/usr/bin/env bash
# Goal of this test: gpm-import diff names the rows that differ, where they stand in the run, and both values, and
# nothing else; rows that were removed, doubled, changed or moved to another table.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

diff_shop() {
	gpm-import diff --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse "$@"
}

pg_up src
pg_up dst
fill_shop src
q src shop "create table sales.escape (id int, t text); insert into sales.escape values (1, E'a\tb'), (2, E'\\033[31mred'), (3, repeat('x', 5000))"
fresh_warehouse
exits 0 "export" export_shop
exits 0 "push" push_shop
exits 0 "load" load_shop

exits 0 "nothing differs" diff_shop
has "each table is named" "$TEST_DIR/out" "sales.lines: the same 20,000 rows"
has "also an empty one" "$TEST_DIR/out" "sales.empty: the same 0 rows"
has "also one of odd names" "$TEST_DIR/out" 'Odd "Schema".Table.with dots: the same 2 rows'

q dst warehouse "update sales.lines set note = overlay(note placing 'X' from 5 for 1) where id = 12345"
exits 4 "one byte of one row is changed" diff_shop
has "the table is named" "$TEST_DIR/out" "sales.lines differs: 1 rows of the source are not here, 1 rows here are not the source's"
ok "the row and its chunk" grep -qE '^  changed  row [0-9,]+ of data/[0-9]{6}-sales\.lines/a1/b[0-9]+/[0-9]{6}\.csv\.zst: 12345,6,23\.45,' "$TEST_DIR/out"
note=$(q src shop "select note from sales.lines where id = 12345")
has "the value at the source" "$TEST_DIR/out" "        source  $note"
has "and the one here" "$TEST_DIR/out" "        here    $(q dst warehouse "select note from sales.lines where id = 12345")"
is "no other column" "$(grep -c '^        source' "$TEST_DIR/out")" 1
is "the other tables are the same" "$(grep -c ': the same ' "$TEST_DIR/out")" 8
row=$(sed -n 's/^  changed  row \([0-9,]*\) of \(data[^:]*\): .*/\1 \2/p' "$TEST_DIR/out")
key=${row#* } row=${row%% *}
is "row $row of the object is that row" "$(zstd -dcq "$(run_dir)$key" | sed -n "${row//,/}p" | cut -d, -f1)" 12345
q dst warehouse "update sales.lines set note = '$note' where id = 12345"

q dst warehouse "delete from sales.lines where id = 15777; insert into sales.lines values (20001, 1, 2, 'y', 'z')"
exits 4 "as many rows, one missing and one extra" diff_shop -t sales.lines
ok "the missing one" grep -qE '^  missing  row [0-9,]+ of data/.*: 15777,0,57\.77,' "$TEST_DIR/out"
has "the extra one" "$TEST_DIR/out" "  extra    20001,1,2.00,y,z"
is "only the table that was asked for" "$(grep -c ': the same ' "$TEST_DIR/out")" 0
q dst warehouse "insert into sales.lines select id, id % 9, (id % 10000) / 100.0, 'SKU-' || id % 5000, md5(id::text)
	from (values (15777)) v (id); delete from sales.lines where id = 20001"

q dst warehouse "insert into sales.floats select * from sales.floats where b > 33.2 and b < 33.4; delete from sales.one_column where ctid = (select ctid from sales.one_column where a is null limit 1)"
exits 4 "one row twice, one of two equal rows missing" diff_shop
has "the double one" "$TEST_DIR/out" "sales.floats differs: 0 rows of the source are not here, 1 rows here are not the source's"
has "the missing one" "$TEST_DIR/out" "sales.one_column differs: 1 rows of the source are not here, 0 rows here are not the source's"
q dst warehouse "delete from sales.floats where ctid = (select max(ctid) from sales.floats where b > 33.2 and b < 33.4); insert into sales.one_column values (null)"
exits 0 "mended" diff_shop

# the same value, another text
q dst warehouse "alter database warehouse set extra_float_digits = 0"
exits 0 "settings of the database do not matter" diff_shop -t sales.floats
q dst warehouse "update sales.floats set b = b * 2 where a = (select min(a) from sales.floats where a > 10)"
exits 4 "a float is changed" diff_shop -t sales.floats
is "its column alone is shown" "$(grep -cE '^      [a-d]$' "$TEST_DIR/out")" 1
has "by name" "$TEST_DIR/out" "      b"

q dst warehouse "update sales.escape set t = t || '!'"
exits 4 "rows with what a terminal must not see" diff_shop -t sales.escape
has "are spelt" "$TEST_DIR/out" 'here    \x1b[31mred!'
has "and cut" "$TEST_DIR/out" "… (5000 bytes)"
is "no control character gets out" "$(tr -d '\n[:print:]' <"$TEST_DIR/out" | LC_ALL=C tr -d '\200-\377' | wc -c)" 0

q dst warehouse "update sales.lines set qty = qty + 1"
exits 4 "all rows differ" diff_shop -t sales.lines --max-rows 3
has "they are counted" "$TEST_DIR/out" "20,000 rows of the source are not here, 20,000 rows here are not the source's"
is "three are shown" "$(grep -c '^  changed' "$TEST_DIR/out")" 3
has "it is said" "$TEST_DIR/out" "and more; 3 are shown (--max-rows)"

printf x >>"$(find "$bucket" -path '*sales.lines*' -name '000001.csv.zst' | head -n 1)"
exits 4 "a damaged object" diff_shop -t sales.lines
has "it is named, and no row is blamed" "$TEST_DIR/err" "000001.csv.zst"
exits 1 "a table that there is not" diff_shop -t sales.nothing
done_testing
