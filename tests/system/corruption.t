#!/usr/bin/env bash
# Goal of this test: whatever is done to a stored run, verify and load say so, with exit status 4 (1 where
# there is no sealed run any more) and the name of what differs, and no wrong row is loaded.
# An untouched run passes both in the same harness.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

pg_up src
pg_up dst
fill_shop src
ok "export" export_shop -q
ok "push" push_shop -q
run=$(basename "$(run_dir)")
mv "$bucket" "$TEST_DIR/pristine"

# --- words for what is done to the run; each works in the run's folder ---

data_object() { find data -path '*sales.lines/*' -type f | sort | sed -n "${1}p"; }

flip_byte() { # FILE OFFSET: one bit turned
	python3 - "$1" "$2" <<-'PY'
		import sys
		with open(sys.argv[1], "r+b") as f:
		    f.seek(int(sys.argv[2])); b = f.read(1)[0]
		    f.seek(int(sys.argv[2])); f.write(bytes([b ^ 1]))
	PY
}

edit_line() { # FILE SED-SCRIPT: the text changed
	sed -i "$2" "$1"
}

reseal() { # FILE: the end line's own hash made right again, as somebody who knows the format would
	python3 - "$1" <<-'PY'
		import sys, hashlib
		data = open(sys.argv[1], "rb").read()
		cut = data.rfind(b',"sha256"')
		open(sys.argv[1], "wb").write(data[:cut] + b',"sha256":"' + hashlib.sha256(data[:cut]).hexdigest().encode() + b'"}\n')
	PY
}

reseal_all() { # TABLE MANIFEST: it and the root made right again, so that every hash is as it should be
	reseal "$1"
	python3 - "$1" <<-'PY'
		import sys, re, os, hashlib
		path = sys.argv[1]; data = open(path, "rb").read(); root = open("manifest.jsonl", "rb").read().split(b"\n")
		for i, line in enumerate(root):
		    if b'"key":"' + path.encode() + b'"' in line:
		        line = re.sub(rb'"stored_bytes":\d+', b'"stored_bytes":%d' % len(data), line)
		        root[i] = re.sub(rb'"stored_sha256":"\w+"', b'"stored_sha256":"' + hashlib.sha256(data).hexdigest().encode() + b'"', line)
		open("manifest.jsonl", "wb").write(b"\n".join(root))
	PY
	reseal manifest.jsonl
}

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
		two objects swapped|a=$(data_object 1); b=$(data_object 2); mv "$a" x; mv "$b" "$a"; mv x "$b"|*|4|4|its manifest says
		an object of the wrong table|cp "$(find data -path '*sales.odd/*' -type f -print -quit)" "$(data_object 1)"|4|4|4|its manifest says
		a stranger in the data|echo x >data/stranger|0|4|0|a stranger
		a stranger beside the manifest|echo x >notes.txt|0|4|0|a stranger
		a stranger with an odd name|echo x >'data/odd name'|0|4|0|a stranger
		a link instead of an object|o=$(data_object 2); cp "$o" ../elsewhere; ln -sf ../../../../../elsewhere "$o"|4|4|4|
		a table manifest edited|edit_line tables/*sales.lines.jsonl 's/"rows":20000/"rows":19999/'|4|4|4|tables/
		a table manifest missing|rm tables/*sales.lines.jsonl|4|4|4|is missing
		a table manifest cut|truncate -s -20 tables/*sales.lines.jsonl|4|4|4|tables/
		two table manifests swapped|a=$(ls tables/*lines.jsonl); b=$(ls tables/*floats.jsonl); mv "$a" x; mv "$b" "$a"; mv x "$b"|4|4|4|tables/
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
		the schema flipped|flip_byte schema/pre-data.sql.zst 100|0|4|4|schema/pre-data
		the schema missing|rm schema/pre-data.sql.zst|4|4|4|schema/pre-data
		SHA256SUMS missing|rm SHA256SUMS|4|4|0|SHA256SUMS
		the run renamed|cd ..; mv 2* 20260101T000000Z-abcdef|4|4|4|belongs to run
		a newer format|edit_line manifest.jsonl '1s/"version":1/"version":2/'; reseal manifest.jsonl|1|1|1|version 2
	LIST
}

# No row may be there that the source does not have: a table is as at the source, or misses whole batches.
no_wrong_row() {
	local table

	while read -r table; do
		q dst warehouse "copy (select * from $table) to stdout" 2>/dev/null | LC_ALL=C sort >"$TEST_DIR/here" || continue
		q src shop "copy (select * from $table) to stdout" | LC_ALL=C sort >"$TEST_DIR/there"
		[ -z "$(LC_ALL=C comm -23 "$TEST_DIR/here" "$TEST_DIR/there" | head -n 1)" ] || return 1
	done < <(shop_tables)
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
	fresh_warehouse
	check_exit "$name: load" "$load" load_shop -q
	if [ "$load" = 0 ]; then
		same_shop "$name: the same rows"
	else
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
