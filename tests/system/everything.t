#!/usr/bin/env bash
# Goal of this test: every type, every awkward name and every kind of table arrives, and the content check
# sees one changed byte.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

pg_up src
pg_up dst
q src postgres "create database shop"
q dst postgres "create database warehouse"
q_file() { "$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -h "$(pg_host "$1")" -p "$(pg_port "$1")" -U postgres -d "$2" -f "$3"; }
q_file src shop "$tests_dir/system/everything.sql" >/dev/null || exit 1
q src shop "do \$\$ begin for i in 1..1000 loop execute format('create table many_%s (id int primary key, t text)', i);
	execute format('insert into many_%s select g, md5(g::text) from generate_series(1, %s) g', i, i % 7); end loop; end \$\$" 2>/dev/null

# an extension's configuration table: only the rows of its condition are carried
for side in "src shop" "dst warehouse"; do
	# shellcheck disable=SC2086 # two words
	q $side "create extension if not exists citext; create table conf (a int, own bool); insert into conf values (1, false);
		alter extension citext add table conf; set allow_system_table_mods = on;
		update pg_extension set extconfig = array['conf'::regclass::oid], extcondition = array['WHERE own'] where extname = 'citext'"
done
q src shop "insert into conf values (2, true)"

tables=$(q src shop "select format('%I.%I', nspname, relname) from pg_class c join pg_namespace n on n.oid = relnamespace
	where relkind = 'r' and nspname !~ '^pg_' and nspname <> 'information_schema' and relname !~ '^many' order by 1")
dump_schema() {
	"$pg_bin/pg_dump" -h "$(pg_host "$1")" -p "$(pg_port "$1")" -U postgres -s --exclude-schema=gpm "$2" |
		grep -vE '^.(un)?restrict '
}

exits 0 "export" export_shop -q
has "the foreign table is told" "$TEST_DIR/err" "public.ft is passed over"
exits 0 "push" push_shop -q
exits 0 "verify" verify_shop --full
exits 0 "load" load_shop -q --verify content -j 4
has "verified by content" "$TEST_DIR/out" "is verified by content: 1022 tables"
while read -r table; do
	same_table src shop dst warehouse "$table"
done <<<"$tables"
is "a thousand small tables" \
	"$(q dst warehouse "select count(*), sum((xpath('/row/c/text()', query_to_xml('select count(*) as c from ' || relname, false, true, '')))[1]::text::int)
		from pg_class where relkind = 'r' and relname ~ '^many_'")" "1000|3003"
is "the rows of the configuration table" "$(q dst warehouse "select * from conf order by 1")" "$(q src shop "select * from conf order by 1")"
is "sequences" "$(q dst warehouse "select * from pg_sequences order by 1, 2")" "$(q src shop "select * from pg_sequences order by 1, 2")"
dump_schema src shop >"$TEST_DIR/schema.src"
dump_schema dst warehouse >"$TEST_DIR/schema.dst"
ok "pg_dump sees the same schema" diff "$TEST_DIR/schema.src" "$TEST_DIR/schema.dst"

check_shop() {
	gpm-import check --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse "$@"
}

exits 0 "check by count" check_shop
exits 0 "check by content" check_shop --verify content -j 3
q dst warehouse "update types set q = overlay(q::text placing case substr(q::text, 36) when 'f' then 'e' else 'f' end from 36)::uuid where a = 7"
exits 0 "one changed byte: the count does not see it" check_shop
exits 4 "one changed byte: the content does" check_shop --verify content
has "the table is named" "$TEST_DIR/err" "public.types: holds as many rows, but not the same"
is "and only it" "$(grep -c 'NOT VERIFIED' "$TEST_DIR/out")" 1
q dst warehouse "insert into many_6 values (100, 'x'); delete from many_13 where id = 1"
exits 4 "a row more, a row less" check_shop
has "more" "$TEST_DIR/err" "public.many_6: 7 rows are here, 6 should be"
has "less" "$TEST_DIR/err" "public.many_13: 5 rows are here, 6 should be"

done_testing
