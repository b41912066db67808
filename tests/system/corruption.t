#!/usr/bin/env bash
# Goal of this test: whatever is done to a stored run, verify and load say so, with exit status 4 (1 where
# there is no sealed run any more) and the name of what differs, and no wrong row is loaded.
# An untouched run passes both in the same harness.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/tamper.sh"

pg_up src
pg_up dst
fill_shop src
ok "export" export_shop -q
ok "push" push_shop -q
run=$(basename "$(run_dir)")
mv "$bucket" "$TEST_DIR/pristine"

# another run of the same tables, whose rows are others: to be taken from
mkdir "$bucket"
q src shop "update sales.lines set note = md5(note); update sales.odd set b = b || 'x'"
q src shop "vacuum full sales.lines" # as many pages as before: the same chunks
ok "export another run" export_shop -q --new-run
ok "push it" push_shop -q
# shellcheck disable=SC2034 # the cases name it
other=$TEST_DIR/other/$(basename "$(run_dir)")
mv "$bucket" "$TEST_DIR/other"
q src shop "update sales.lines set note = md5(id::text)"
q src shop "update sales.odd set b = left(b, -1)"

# --- words for what is done to the run; each works in the run's folder ---

data_object() { find data -path '*sales.lines/*' -type f | sort | sed -n "${1}p"; }
odd_object() { find data -path '*sales.odd/*' -type f | sort | head -n 1; }

lines_manifest() { ls tables/*sales.lines.jsonl; }

# --- the list: name | what is done | verify | verify --full | load | what the message holds ---

cases() {
	cat <<-'LIST'
		untouched|true|0|0|0|
		a bit flipped in an object|flip_byte "$(data_object 2)" 1000|0|4|4|another SHA-256
		an object cut|truncate -s -1 "$(data_object 2)"|4|4|4|its manifest says
		an object grown|echo x >>"$(data_object 2)"|4|4|4|its manifest says
		an object emptied|: >"$(data_object 2)"|4|4|4|its manifest says
		an object missing|rm "$(data_object 2)"|4|4|4|is missing
		two objects swapped|swap "$(data_object 1)" "$(data_object 2)"|*|4|4|its manifest says
		objects of two tables swapped|swap "$(odd_object)" "$(data_object 1)"|4|4|4|its manifest says
		objects of one size swapped|: >x; for o in $(data_object 1) $(data_object 2); do cp "$o" x; flip_byte "$o" 700; cmp -s "$o" x && exit 1; done; rm x|0|4|4|another SHA-256
		an object of another run|cp "$other/$(data_object 2)" "$(data_object 2)"|*|4|4|its manifest says
		an object compressed anew|o=$(data_object 2); zstd -dq "$o" -o x; zstd -q -19 -f --rm x -o "$o"|4|4|4|its manifest says
		a stranger in the data|echo x >data/stranger|0|4|0|a stranger
		a stranger beside the manifest|echo x >notes.txt|0|4|0|a stranger
		a table's object that no manifest names|cp "$(data_object 1)" "$(dirname "$(data_object 1)")/000999.csv.zst"|0|4|0|a stranger
		a stranger with an odd name|echo x >'data/odd name'|0|4|0|a stranger
		a link instead of an object|o=$(data_object 2); cp "$o" ../elsewhere; ln -sf ../../../../../elsewhere "$o"|4|4|4|
		a table manifest edited|edit_line tables/*sales.lines.jsonl 's/"rows":20000/"rows":19999/'|4|4|4|tables/
		a table manifest edited and resealed|m=$(lines_manifest); edit_line "$m" 's/"rows":20000/"rows":19999/'; reseal "$m"|4|4|4|another SHA-256
		a digest edited and resealed|m=$(lines_manifest); edit_line "$m" '4s/"digest":"./"digest":"f/'; reseal "$m"|4|4|4|another SHA-256
		a table manifest emptied: told once, not for each object|: >"$(lines_manifest)"|4|4|4|verify: 1 trouble
		a table manifest of another run|cp "$other/$(lines_manifest)" "$(lines_manifest)"|4|4|4|tables/
		a table manifest missing|rm tables/*sales.lines.jsonl|4|4|4|is missing
		a table manifest cut|truncate -s -20 tables/*sales.lines.jsonl|4|4|4|tables/
		two table manifests swapped|swap "$(lines_manifest)" "$(ls tables/*floats.jsonl)"|4|4|4|tables/
		a chunk line dropped and the manifest resealed|edit_line tables/*sales.lines.jsonl '5d'; reseal tables/*sales.lines.jsonl|4|4|4|tables/
		the root manifest edited|edit_line manifest.jsonl 's/"rows":20000/"rows":19999/'|4|4|4|was edited
		the root manifest edited and resealed|edit_line manifest.jsonl 's/"rows":20000/"rows":19999/'; reseal manifest.jsonl|4|4|4|add up
		a table dropped from the root, resealed|edit_line manifest.jsonl '/"name":"floats"/d'; reseal manifest.jsonl|4|4|4|was edited
		an unknown field in the root, resealed|edit_line manifest.jsonl '2s/"rec":"run"/"rec":"run","x":1/'; reseal manifest.jsonl|4|4|4|unknown field
		a key that climbs out, resealed|edit_line manifest.jsonl 's#"key":"tables/000001#"key":"../../../000001#'; reseal manifest.jsonl|4|4|4|
		a chunk line twice, all resealed|m=$(lines_manifest); sed -i '5p; $s/"lines":[0-9]*/"lines":XX/' "$m"; sed -i "s/\"lines\":XX/\"lines\":$(($(wc -l <"$m") - 1))/" "$m"; reseal_all "$m"|4|4|4|not in order
		a chunk in the place of another, all resealed|m=$(lines_manifest); sed -n 4p "$m" >x; sed -i 's/"seq":1,/"seq":2,/' x; sed -i -e '5r x' -e 5d "$m"; rm x; reseal_all "$m"|4|4|4|add up
		a table named twice, resealed|l=$(grep -m1 '"name":"floats"' manifest.jsonl); l=${l/\"table\":?/\"table\":99}; sed -i "/\"name\":\"floats\"/a XX" manifest.jsonl; awk -v l="$l" '$0 == "XX" {print l; next} {print}' manifest.jsonl >x; mv x manifest.jsonl; reseal manifest.jsonl|4|4|4|
		SQL in the encoding, all resealed|m=$(lines_manifest); sed -i '2s/"encoding":"UTF8"/"encoding":"UTF8'"'"'; drop table sales.odd; --"/' "$m"; reseal_all "$m"|0|0|4|
		a filter on an ordinary table, all resealed|m=$(lines_manifest); sed -i '2s/}$/,"filter":"where true) to stdout; drop table sales.odd; copy (select 1"}/' "$m"; reseal_all "$m"|4|4|4|not what the root
		the root manifest cut|truncate -s -30 manifest.jsonl|4|4|4|manifest.jsonl
		the root manifest emptied|: >manifest.jsonl|4|4|4|manifest.jsonl
		the root manifest missing|rm manifest.jsonl|1|1|1|no sealed run
		the root manifest of another run|cp "$other/manifest.jsonl" .|4|4|4|belongs to run
		the root manifests of two databases swapped, resealed|sed "2s/$(basename "$other")/$run/g" "$other/manifest.jsonl" >manifest.jsonl; edit_line manifest.jsonl "1s/$(basename "$other")/$run/"; reseal manifest.jsonl|4|4|4|
		the schema flipped|flip_byte schema/pre-data.sql.zst 100|0|4|4|schema/pre-data
		the schema edited and compressed anew|new_sql pre-data 's/CREATE SCHEMA/DROP SCHEMA/'|4|4|4|schema/pre-data.sql.zst
		a letter of the schema changed, its size the same|new_sql pre-data 's/"sales"/"SALES"/g'|*|4|4|schema/pre-data.sql.zst
		the schema cut|truncate -s -9 schema/post-data.sql.zst|4|4|4|schema/post-data.sql.zst
		the schema emptied|: >schema/pre-data.sql.zst|4|4|4|schema/pre-data.sql.zst
		two schema files swapped|swap schema/pre-data.sql.zst schema/post-data.sql.zst|4|4|4|schema/pre-data.sql.zst
		the schema missing|rm schema/pre-data.sql.zst|4|4|4|schema/pre-data
		SHA256SUMS edited|flip_byte SHA256SUMS 10|0|4|0|SHA256SUMS' has another SHA-256
		SHA256SUMS cut|truncate -s -1 SHA256SUMS|4|4|0|SHA256SUMS' has
		SHA256SUMS emptied|: >SHA256SUMS|4|4|0|SHA256SUMS' has 0 bytes
		SHA256SUMS of another run|cp "$other/SHA256SUMS" .|*|4|0|SHA256SUMS' has
		SHA256SUMS missing|rm SHA256SUMS|4|4|0|SHA256SUMS
		another run under this one's name|rm -rf ./*; cp -a "$other"/* .|4|4|4|belongs to run
		the run renamed|cd ..; mv 2* 20260101T000000Z-abcdef|4|4|4|belongs to run
		a newer format|edit_line manifest.jsonl '1s/"version":1/"version":2/'; reseal manifest.jsonl|1|1|1|version 2
	LIST
}

shop_rows src shop >"$TEST_DIR/rows"

# No row may be there that the source does not have: a table is as at the source, or misses whole batches.
no_wrong_row() {
	shop_rows dst warehouse 0 >"$TEST_DIR/here" 2>/dev/null
	[ -z "$(LC_ALL=C comm -23 "$TEST_DIR/here" "$TEST_DIR/rows" | head -n 1)" ]
}

# Most loads end before they touch the destination.
is_untouched() {
	[ "$(q dst warehouse "select count(*) from pg_namespace where nspname in ('gpm', 'sales')" 2>/dev/null)" = 0 ]
}

check_exit() { # NAME WANT COMMAND…: "*" takes any
	if [ "$2" = "*" ]; then
		"${@:3}" >"$TEST_DIR/out" 2>"$TEST_DIR/err"
	else
		exits "$2" "$1" "${@:3}"
	fi
}

while IFS='|' read -r name action sizes full load message; do
	rm -rf "$bucket"
	cp -a "$TEST_DIR/pristine" "$bucket"
	(cd "$bucket/$run" && eval "$action") || { ok "$name: done" false; continue; }
	check_exit "$name: verify" "$sizes" verify_shop
	check_exit "$name: verify --full" "$full" verify_shop --full
	[ -z "$message" ] || has "$name: what verify says" "$TEST_DIR/err" "$message"
	is_untouched || fresh_warehouse
	check_exit "$name: load" "$load" load_shop -q
	if [ "$load" = 0 ]; then
		same_shop "$name: the same rows"
	elif ! is_untouched; then
		ok "$name: no wrong row" no_wrong_row
	fi
done < <(cases)

# --- the spool between export and push ---

ok "a second export" export_shop -q --new-run
rm -rf "$bucket"
mkdir "$bucket"
file=$(find "$spool" -path '*sales.lines/*' -name '*.csv' | sort | sed -n 3p)
cp "$file" "$TEST_DIR/good"
flip_byte "$file" 500
exits 4 "a bit flipped in the spool" push_shop
has "the file is named" "$TEST_DIR/err" "$(basename "$file")' is not what gpm-export wrote"
rm "$file"
exits 4 "a file lost from the spool" push_shop
has "the file is named too" "$TEST_DIR/err" "is not in the spool"
cp "$TEST_DIR/good" "$file"
exits 0 "put back" push_shop
exits 0 "all is well" verify_shop --full

done_testing
