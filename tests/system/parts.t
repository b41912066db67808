#!/usr/bin/env bash
# Goal of this test: rows that never pass the export's host.  Files as segments leave them on several hosts are cut,
# stored and joined into one run, which is loaded and is equal by content; what is missing, short, torn, changed or
# not theirs is never sealed; whatever is killed, the next start goes on.
#
# The files and the export's journal are made from a run of COPY (pieces-probe); that a real Greenplum leaves the same
# is what greenplum.t shows.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/tamper.sh"
probe=$build_dir/tests/unit/pieces-probe
copied=$TEST_DIR/copied # the run as COPY wrote it
left=$TEST_DIR/left     # where "segments" leave their files

pg_up src
pg_up dst
fill_shop src 30000
ok "a run" gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d shop --spool "$copied" --chunk-size 32KB
id=$(basename "$copied"/2*)

# lay [METHOD [TABLES [HOST=N,N…]]]: a new spool, bucket, and folder of files
lay() {
	local method=${1:-on-segment} tables=${2:-0}

	[ $# -lt 3 ] && set -- a b 'a=0,2' 'host "b"=1'
	shift 2
	rm -rf "$spool" "$left" "${bucket:?}"/*
	mkdir -p "$left" "$spool"
	"$probe" "$copied/$id" "$spool/$id" "$left" "$method" "$tables" "$@" || ok "the run is laid out" false
	cp -r "$copied/$id/schema" "$spool/$id"
}
# grown: the export has come to its end since
grown() {
	local scratch=$TEST_DIR/scratch path

	rm -rf "$scratch"
	mkdir -p "$scratch/left"
	"$probe" "$copied/$id" "$scratch/$id" "$scratch/left" on-segment 0 'a=0,2' 'host "b"=1'
	cp "$scratch/$id/export.jsonl" "$spool/$id"
	cp -rn "$scratch/$id/data" "$spool/$id"
	# whole, in place of what was begun
	for path in "$scratch/left/"*; do
		cp "$path" "$left/new" && mv "$left/new" "$left/$(basename "$path")"
	done
}
host_part() { # NAME [OPTION…]
	local name=$1

	shift
	push_shop --host-part "$name" --segment-dir "$left" "$@"
}
seal() { push_shop --seal "$@"; }
# file TABLE PIECE: as it lies there
file() {
	printf '%s\n' "$left"/gpm-"$id"-*-"$1"-a1-"$2".csv
}
files() { find "$left" -type f | wc -l; }
part() { echo "$bucket/$id/parts/$1.jsonl"; }
sealed() { [ -e "$bucket/$id/manifest.jsonl" ]; }

# --- the whole way

lay
is "rows of the big tables are in files of three segments" "$(files)" "$((3 * $(jq -s 'map(select(.rec == "done" and .chunks > 1)) | length' "$copied/$id/export.jsonl")))"
exits 0 "the export's host pushes its share" push_shop
has "says who is next" "$TEST_DIR/err" 'gpm-push --host-part on each of a, host "b"'
ok "and does not seal" test ! -e "$bucket/$id/manifest.jsonl"
exits 5 "no seal without the hosts" seal
has "whose parts are named" "$TEST_DIR/err" "parts/host%20%22b%22.jsonl' is not there"
has "and the tables" "$TEST_DIR/err" "sales.lines: the rows of segment 1 are missing (host 'host \"b\"')"
exits 0 "one host" host_part a
exits 5 "no seal without the other" seal
hasnt "the first is not asked for any more" "$TEST_DIR/err" "segment 0"
exits 0 "the other host" host_part 'host "b"' --jobs 1
is "no file is left" "$(files)" 0
exits 0 "again has nothing to do" host_part a
exits 0 "now it is sealed" seal
has "with all rows" "$TEST_DIR/err" "is sealed: 8 tables, 35,"
is "the parts are gone" "$(find "$bucket" -path '*parts*')" ""
ok "SHA256SUMS" sh -c "cd '$(run_dir)' && sha256sum --quiet --strict -c SHA256SUMS"
exits 0 "verify every byte" verify_shop --full
cp -r "$bucket" "$TEST_DIR/first"
exits 0 "seal again" seal
exits 0 "a host again" host_part a -v
has "knows that it is over" "$TEST_DIR/err" "sealed already"
exits 0 "the export's host again" push_shop
has "finds its rows" "$TEST_DIR/err" "sealed already"
ok "nothing was changed by that" diff -r "$bucket" "$TEST_DIR/first"
is "its spool holds no rows any more" "$(find "$spool/$id" -name '*.csv*')" ""
is "chunks say whose segment they are of" \
	"$(jq -c 'select(.rec == "chunk") | [(.batch - 1) / 10000 | floor] == .segments' "$(run_dir)"tables/*sales.lines.jsonl | sort -u)" true
# digest JOURNAL TABLE: of the attempt that is done
digest() {
	jq -rs "(map(select(.rec == \"table\" and .name == \"$2\")) | .[0].table) as \$t | .[] | select(.rec == \"done\" and .table == \$t) | .digest" "$1"
}
for table in floats lines one_column; do
	is "$table: the digest is that of COPY" "$(digest "$(printf '%s\n' "$(run_dir)"tables/*"sales.$table.jsonl")" "$table")" \
		"$(digest "$copied/$id/export.jsonl" "$table")"
done
fresh_warehouse
exits 0 "load, and compare by content" load_shop --verify content
has "verified by content" "$TEST_DIR/out" "is verified by content: 8 tables"
same_shop "all tables hold the same rows"

# --- another order: the hosts before the export's end, both at once

lay on-segment 3
exits 5 "a host before anything is in the bucket" host_part a --run "$id"
exits 5 "the export is under way" push_shop
exits 5 "a host stores what is finished" host_part a
exits 5 "no seal" seal
has "because the export goes on" "$TEST_DIR/err" "gpm-export has not finished it"
host_part a --follow --wait 60s >"$TEST_DIR/a.out" 2>&1 &
first=$!
host_part 'host "b"' --follow --wait 60s >"$TEST_DIR/b.out" 2>&1 &
second=$!
grown
exits 0 "the export's end" push_shop
wait "$first"
is "a host that followed it" $? 0
wait "$second"
is "another at the same time" $? 0
comment <"$TEST_DIR/b.out"
exits 0 "seal" seal
exits 0 "verify" verify_shop --full
is "the same root manifest, whoever came first" "$(sha256sum <"$bucket/$id/manifest.jsonl")" "$(sha256sum <"$TEST_DIR/first/$id/manifest.jsonl")"

lay
push_shop -q
exits 2 "a host that nobody expects" host_part c
has "is told whom" "$TEST_DIR/err" "but of 'a', 'host \"b\"'"
exits 2 "a folder that is not there" push_shop --host-part a --segment-dir "$left/none"
exits 2 "a part needs its folders" push_shop --host-part a
exits 2 "seal and part" host_part a --seal

# --- what is wrong with a file

lay
push_shop -q
host_part 'host "b"' -q
mv "$(file sales.odd 2)" "$TEST_DIR/away"
exits 4 "a file that is not there" host_part a
has "is named" "$TEST_DIR/err" "sales.odd: the file of segment 2 is in no --segment-dir"
exits 5 "the rest is stored, the seal misses it" seal
has "it alone" "$TEST_DIR/err" "sales.odd: the rows of segment 2 are missing"
has "one" "$TEST_DIR/err" ": 1 pieces are missing"
mkdir "$TEST_DIR/elsewhere"
mv "$TEST_DIR/away" "$TEST_DIR/elsewhere/$(basename "$(file sales.odd 2)" | sed "s/\*/$(printf '%06d' 0)/")" 2>/dev/null
mv "$TEST_DIR/elsewhere/"* "$TEST_DIR/elsewhere/gpm-$id-$(jq -r 'select(.rec == "table" and .name == "odd") | .table' "$spool/$id/export.jsonl" | xargs printf '%06d')-sales.odd-a1-2.csv"
exits 0 "it was in another folder" host_part a --segment-dir "$TEST_DIR/elsewhere"
exits 0 "seal" seal
exits 0 "verify" verify_shop --full

lay
push_shop -q
cp "$(file sales.odd 2)" "$TEST_DIR/elsewhere"
exits 2 "a file twice" host_part a --segment-dir "$TEST_DIR/elsewhere"
has "is no file to choose from" "$TEST_DIR/err" "which of them is it?"
rm "$TEST_DIR/elsewhere/"*

lay
push_shop -q
truncate -s -3 "$(file sales.lines 0)"
exits 4 "a torn last row" host_part a
has "is named" "$TEST_DIR/err" "ends in the middle of a row"
host_part 'host "b"' -q
exits 5 "and not sealed" seal
ok "no manifest" test ! -e "$bucket/$id/manifest.jsonl"

lay
push_shop -q
sed -i '$d' "$(file sales.lines 2)"
exits 0 "a file that lost a row" host_part a
host_part 'host "b"' -q
exits 4 "does not add up" seal
has "the table is named" "$TEST_DIR/err" "sales.lines: 29999 rows are stored, the server counted 30000"
ok "no manifest" test ! -e "$bucket/$id/manifest.jsonl"

lay
push_shop -q
sed -n 1p "$(file sales.lines 2)" >>"$(file sales.lines 2)"
host_part a -q
host_part 'host "b"' -q
exits 4 "a row too many" seal
has "the table is named" "$TEST_DIR/err" "30001 rows are stored"

# --- what is wrong with a part

lay
push_shop -q
host_part a -q
cp "$(part a)" "$(part 'host%20%22b%22')"
exits 5 "a part under another host's name" seal
has "brings nothing" "$TEST_DIR/err" "the rows of segment 1 are missing"
rm "$(part 'host%20%22b%22')"
host_part 'host "b"' -q
(cd "$bucket/$id/parts" && line=$(grep -n '"rec":"chunk"' a.jsonl | head -n 1 | cut -d: -f1) && sed -i "${line}p" a.jsonl &&
	sed -i -E "\$s/\"lines\":[0-9]+/\"lines\":$(($(wc -l <a.jsonl) - 1))/" a.jsonl && reseal a.jsonl)
exits 4 "a chunk twice" seal
has "does not add up" "$TEST_DIR/err" "do not add up to it"
exits 0 "its host says it again" host_part a
(cd "$bucket/$id/parts" && edit_line a.jsonl '0,/"key":"data/s||"key":"../data|' && reseal a.jsonl)
exits 4 "a key that leads elsewhere" seal
has "is refused" "$TEST_DIR/err" "another name than its numbers give"
(cd "$bucket/$id/parts" && flip_byte a.jsonl 300)
exits 4 "a byte turned" seal
exits 0 "its host says it again" host_part a
(cd "$bucket/$id/parts" && sed -i '$d' a.jsonl)
exits 4 "a part cut short" seal
exits 0 "its host says it again" host_part a
object=$(find "$bucket/$id/data" -name '*.zst' | head -n 1)
mv "$object" "$TEST_DIR/object"
exits 4 "an object that is gone" seal
has "is named" "$TEST_DIR/err" "is not there any more"
mv "$TEST_DIR/object" "$object"
exits 0 "seal" seal
exits 0 "verify" verify_shop --full

# --- what a failed attempt left behind

lay
push_shop -q
echo "1,2,3" >"$(file sales.lines 0 | sed 's/-a1-/-a0-/')"
echo "1,2,3" >"$(file sales.lines 0 | sed 's/-a1-/-a2-/')"
cp "$(file sales.lines 0)" "$left/gpm-$id-000001-sales.other-a0-0.csv"
touch "$left/mine.csv"
exits 0 "a part beside the files of attempts that do not count" host_part a
is "what is left is what nobody knows to be over" "$(cd "$left" && find . -type f ! -name '*-1.csv' | sed "s/.*sales/sales/" | sort)" \
	"$(printf '%s\n' sales.other-a0-0.csv sales.lines-a2-0.csv ./mine.csv | sort)"
rm "$left/mine.csv" "$left"/*-a2-* "$left"/*other*

# --- a gpfdist's files

lay gpfdist-url 0 a=0 b=1
rm -f "$left"/*sales.one_column*
exits 0 "the export's host" push_shop
is "no file for no rows" "$(find "$left" -size 0)" ""
exits 0 "a gpfdist's host" host_part a
exits 0 "another" host_part b --compress gzip:1
has "stored as the first push said" "$TEST_DIR/err" "--compress zstd:1"
exits 0 "seal" seal
exits 0 "verify" verify_shop --full
lay gpfdist-url 0 a=0 b=1
push_shop -q
host_part a -q
mv "$(file sales.lines 1)" "$TEST_DIR/away"
exits 0 "a file that is not there is one without rows" host_part b
exits 4 "unless it had some" seal
has "the table is named" "$TEST_DIR/err" "the server counted 30000"
mv "$TEST_DIR/away" "$left/$(basename "$(find "$bucket" -path '*sales.lines*' -name a1 -printf '%h\n' | head -n 1 | xargs basename)" | sed "s/^/gpm-$id-/")-a1-1.csv"
exits 0 "it came later" host_part b
exits 0 "seal" seal
exits 0 "verify" verify_shop --full

# --- deaths

# killed N COMMAND…: N times, within the time that it needs
killed() {
	local n=$1 i

	shift
	for ((i = 0; i < n; i++)); do
		"$@" >/dev/null 2>&1 &
		sleep "0.$(printf '%03d' $((RANDOM % 200)))"
		kill -KILL $! 2>/dev/null
		wait $! 2>/dev/null
	done
}
run_push() { exec gpm-push --spool "$spool" --to "file://$bucket" "$@"; }
lay
killed 6 run_push
push_shop -q
killed 10 run_push --host-part a --segment-dir "$left"
killed 6 run_push --host-part 'host "b"' --segment-dir "$left" --jobs 1
exits 0 "a part that was killed goes on" host_part a
exits 0 "the other too" host_part 'host "b"'
killed 6 run_push --seal
exits 0 "a seal that was killed goes on" seal
is "it is the same run" "$(sha256sum <"$bucket/$id/manifest.jsonl")" "$(sha256sum <"$TEST_DIR/first/$id/manifest.jsonl")"
exits 0 "verify, strangers too" verify_shop --full
is "no file is left" "$(files)" 0

# a piece that was begun: what is stored of it must be what the file holds
lay
push_shop -q
exits 7 "a part that ends at its limit" host_part a --jobs 1 --max-bytes 150KB
begun=$(jq -rs 'map(select(.rec == "chunk")) | last | "\(.table) \((.batch - 1) / 10000 | floor)"' "$spool/part-a/$id/push.jsonl")
begun=$(printf '%s\n' "$left"/gpm-"$id"-"$(printf '%06d' "${begun% *}")"-*-a1-"${begun#* }".csv)
is "in the middle of a file" "$([ -s "$begun" ]; echo $?)" 0
flip_byte "$begun" 100
exits 4 "a file that was changed since" host_part a
has "is named" "$TEST_DIR/err" "$begun' was changed after gpm-export had finished it"
flip_byte "$begun" 100
exits 0 "as it was" host_part a
host_part 'host "b"' -q
exits 0 "seal" seal
exits 0 "verify" verify_shop --full
# --- encrypted and signed: every host needs the master key, who seals only the other one

lay
gpm-push keygen --encrypt-key "$TEST_DIR/master" --sign-key "$TEST_DIR/site" >"$TEST_DIR/keys"
exits 0 "the export's host encrypts" push_shop --encrypt-key "$TEST_DIR/master" --sign-key "$TEST_DIR/site"
exits 1 "a host without the key" host_part a --run "$id"
has "is told which" "$TEST_DIR/err" "is encrypted by master key $(sed -n 's/^master key //p' "$TEST_DIR/keys"), and there is no --encrypt-key"
exits 0 "a host" host_part a --encrypt-key "$TEST_DIR/master"
exits 0 "the other" host_part 'host "b"' --encrypt-key "$TEST_DIR/master"
exits 1 "no seal without the signing key" seal --run "$id"
exits 0 "seal" seal --sign-key "$TEST_DIR/site"
is "all objects are encrypted" "$(find "$(run_dir)data" "$(run_dir)schema" -type f -exec head -c 11 {} \; -exec echo \; | sort -u)" "gpm-crypt-1"
exits 0 "verify every byte" verify_shop --full --encrypt-key "$TEST_DIR/master" --trusted-keys "$TEST_DIR/site.pub"

done_testing
