#!/usr/bin/env bash
# Goal of this test: a big table leaves in slices, by several workers at once and in one snapshot: every row
# once, in chunks of whole rows whose numbers do not collide; trouble with one slice is the table's.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

# Rows of every width on pages of every filling: dead rows, moved rows, toasted rows.
big_table="
	create table big (id int, note text, x float8) with (fillfactor = 60);
	insert into big select i, case i % 97 when 0 then null when 1 then E'a\n\"b\"' else repeat('r' || i, i % 40) end, i / 7.0
		from generate_series(1, 60000) i;
	insert into big select -i, (select string_agg(md5(i::text || k), '') from generate_series(1, 400) k), null
		from generate_series(1, 30) i;
	delete from big where id % 5 = 0 and id > 0;
	update big set note = note || '!' where id % 7 = 0"

# The writers that batches of the big table in the bucket come from.
writers() {
	find "$bucket" -path '*public.big*' -name 'b[0-9]*' | sed 's|.*/b||' | awk '{ print int(($1 - 1) / 10000) }' | sort -un | wc -l
}

pg_up src
pg_up dst
q src postgres "create database shop"
q src shop "$big_table" >/dev/null
q src shop "create table tiny (a int); insert into tiny values (1); create table nothing (); insert into nothing default values"
fresh_warehouse

exits 0 "export with four workers" export_shop -j 4 -v
has "the table is taken out in slices" "$TEST_DIR/err" "public.big: slice 15 is out"
exits 0 "push" push_shop
is "each slice has batches of its own" "$(writers)" 16
exits 0 "verify" verify_shop --full
exits 0 "load" load_shop --verify content
is "the rows are the same" "$(table_md5 dst warehouse big)" "$(table_md5 src shop big)"
is "the rows are as many" "$(q dst warehouse "select count(*) from big")" "$(q src shop "select count(*) from big")"

rm -rf "$spool" "${bucket:?}"/*
exits 0 "export with one worker" export_shop -j 1
exits 0 "push it" push_shop
is "one worker splits nothing" "$(writers)" 1

# one snapshot for all slices, whatever happens to the table meanwhile
rm -rf "$spool" "${bucket:?}"/*
q src shop "insert into big select i, 'later', null from generate_series(1, 1000) i" >/dev/null
(
	for i in $(seq 1 200); do
		q src shop "insert into big values (-1000000 - $i, repeat('meanwhile', 500), 0); update big set x = -1 where id = 5 * $i + 1 and note is distinct from 'later'"
	done
) >/dev/null 2>&1 &
writer=$!
exits 0 "export while others write" export_shop -j 3
kill "$writer" 2>/dev/null
wait "$writer" 2>/dev/null
fresh_warehouse
exits 0 "push what was exported meanwhile" push_shop
exits 0 "load it" load_shop --verify content
is "each change is there in full or not at all" "$(q dst warehouse "
	select count(*) filter (where id < -1000000) - count(*) filter (where x = -1) from big")" 0

# trouble in one page: the table fails by name, once, and the rest is exported
rm -rf "$spool" "${bucket:?}"/*
q src shop "create function fail(int) returns int language plpgsql immutable as \$\$ begin
	if \$1 = 777 then raise 'this row cannot be read'; end if; return \$1; end \$\$;
	create policy p on big using (fail(id) is not null); alter table big enable row level security, force row level security;
	create role reader login; grant select on all tables in schema public to reader; grant pg_read_all_data to reader" >/dev/null
exits 3 "export as a user whom a policy would hide rows from" export_shop -U reader -j 4 --schema public --no-large-objects
is "the table is named once" "$(grep -c 'error: public.big: ' "$TEST_DIR/err")" 1
has "the others are out" "$TEST_DIR/err" "2 tables"
done_testing
