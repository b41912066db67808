#!/usr/bin/env bash
# Goal of this test: gpm-import cat writes checked rows and nothing else, of the table that is named and no other; no
# byte of a chunk that differs; and whatever keeps it from writing is an error.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/tamper.sh"

pg_up src
pg_up dst
fill_shop src
ok "export, without slices" export_shop -q --snapshot table
ok "push" push_shop -q --compress none
run=$(basename "$(run_dir)")
rm -rf "$spool"

cat_shop() {
	gpm-import cat --from "file://$bucket" "$@"
}

# objects_of TABLE: its objects one after the other, which are plain rows here
objects_of() {
	find "$bucket/$run/data" -path "*-$1/*" -type f | LC_ALL=C sort
}

# --- rows

fresh_warehouse
ok "the tables" load_shop -q --schema-only
while read -r table; do
	cat_shop -t "$table" >"$TEST_DIR/rows.csv" || ok "cat of $table" false
	q dst warehouse "set session_replication_role = replica" >/dev/null
	"$pg_bin/psql" -Xq -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse -v ON_ERROR_STOP=1 \
		-c "set session_replication_role = replica" -c "\\copy $table from '$TEST_DIR/rows.csv' csv" || ok "copy of $table" false
done < <(shop_tables)
same_shop "all tables by cat and \\copy"

cat_shop -t sales.lines >"$TEST_DIR/whole.csv"
ok "the bytes are those of the objects" sh -c "cat $(objects_of sales%2Elines | tr '\n' ' ') $(objects_of sales.lines | tr '\n' ' ') | cmp - '$TEST_DIR/whole.csv'"
last=$(objects_of sales.lines | wc -l | tr -d ' ')
is "sales.lines has many chunks" "$((last > 10))" 1
cat_shop -t sales.lines --batch 1 >"$TEST_DIR/out"
ok "--batch" cmp "$TEST_DIR/out" "$TEST_DIR/whole.csv"
for ((i = 1; i <= last; i += 4)); do
	cat_shop -t sales.lines --batch 1 --chunks "$i-$((i + 3 < last ? i + 3 : last))"
done >"$TEST_DIR/pieces.csv"
ok "--chunks, piece by piece" cmp "$TEST_DIR/pieces.csv" "$TEST_DIR/whole.csv"
cat_shop -t sales.lines --batch 1 --chunks 3 >"$TEST_DIR/out"
ok "--chunks with one number" cmp "$TEST_DIR/out" "$(objects_of sales.lines | sed -n 3p)"
number=$(objects_of sales.lines | sed -n '1s,.*/data/0*\([0-9]*\)-.*,\1,p')
cat_shop -t "$number" >"$TEST_DIR/out"
ok "a table by its number" cmp "$TEST_DIR/out" "$TEST_DIR/whole.csv"
cat_shop -t '"sales" . LINES' --run "$run" >"$TEST_DIR/out"
ok "a name as SQL reads it" cmp "$TEST_DIR/out" "$TEST_DIR/whole.csv"

# every chunk once over all shards, in its order
lines_of() { # CHUNK…: of sales.lines
	local i

	for i; do cat "$(objects_of sales.lines | sed -n "${i}p")"; done
}
for ((count = 1; count <= 7; count++)); do
	for selection in "1 $last" "3 9" "5 5"; do
		first=${selection% *} end=${selection#* } wrong=
		for ((index = 0; index < count; index++)); do
			cat_shop -t sales.lines --batch 1 --chunks "$first-$end" --shard "$index/$count" >"$TEST_DIR/out" || wrong="$wrong $index fails"
			lines_of $(seq $((first + index)) "$count" "$end") | cmp -s - "$TEST_DIR/out" || wrong="$wrong $index"
		done
		is "chunks $first-$end in $count shards" "$wrong" ""
	done
done
cat_shop -t sales.lines --shard 1/3 >"$TEST_DIR/out"
ok "a shard of the whole table" cmp "$TEST_DIR/out" <(lines_of $(seq 2 3 "$last"))
exits 0 "a shard of an empty table" cat_shop -t sales.empty --shard 2/3
exits 0 "an empty table" cat_shop -t sales.empty
is "has no rows" "$(wc -c <"$TEST_DIR/out" | tr -d ' ')" 0
is "and nothing is said" "$(cat "$TEST_DIR/err")" ""

# --- what is no table of the run

exits 1 "a table that is not there" cat_shop -t sales.nothing
has "is named" "$TEST_DIR/err" "no rows of a table sales.nothing"
exits 1 "a name in quotes is not folded" cat_shop -t '"Sales".lines'
exits 1 "a partitioned table has no rows of its own" cat_shop -t sales.orders
has "it says where they are" "$TEST_DIR/err" "in its partitions"
exits 1 "a number that is not there" cat_shop -t 999
for name in 'sales.*' 'sales.line?' lines sales. .lines 'sales.lines.id' 'sales.lines x' '"sales.lines' "sales.'lines'" 'U&"sales".lines' '' 0 \
	99999999999999999999; do
	exits 2 "no name: '$name'" cat_shop -t "$name"
done
exits 2 "no table" cat_shop
exits 2 "two tables" cat_shop -t sales.lines -t sales.odd
exits 1 "a batch that is not there" cat_shop -t sales.lines --batch 2
exits 1 "chunks that are not there" cat_shop -t sales.lines --batch 1 --chunks "$last-$((last + 1))"
has "are told" "$TEST_DIR/err" "no such chunks in batch 1"
exits 2 "batch 0" cat_shop -t sales.lines --batch 0
for chunks in 0 0-1 2-1 1- -1 1-2-3 x 1,2; do
	exits 2 "no chunks: '$chunks'" cat_shop -t sales.lines --batch 1 --chunks "$chunks"
done
exits 1 "a shard of chunks that are not there" cat_shop -t sales.lines --batch 1 --chunks "$last-$((last + 1))" --shard 1/2
for shard in 0 1 / 1/ /1 3/3 0/0 -1/3 a/3 1/3/3 '1/ 3' 1/99999999999; do
	exits 2 "no shard: '$shard'" cat_shop -t sales.lines --shard "$shard"
	has "'$shard': it is said" "$TEST_DIR/err" "--shard is INDEX/COUNT"
done
exits 2 "load takes no --shard" load_shop --shard 0/1
exits 2 "chunks of no batch" cat_shop -t sales.lines --chunks 1-2
exits 2 "load takes no --table" load_shop -t sales.lines
has "it says which do" "$TEST_DIR/err" "for diff, plan, cat and serve"

exits 2 "plan takes no --batch" gpm-import plan --from "file://$bucket" --batch 1
exits 2 "load takes no --chunks" load_shop --chunks 1-2

# --- what cannot be written

status_of() { # COMMAND…, its stdout as it is here
	"$@" 2>"$TEST_DIR/err"
	echo $? >"$TEST_DIR/status"
}
status_of cat_shop -t sales.lines >&-
is "stdout is closed" "$(cat "$TEST_DIR/status")" 1
has "it is said" "$TEST_DIR/err" "cannot write the rows"
status_of cat_shop -t sales.lines <&- >&- # now a file of our own would be the standard output
is "stdin and stdout are closed" "$(cat "$TEST_DIR/status")" 1
has "it is said" "$TEST_DIR/err" "cannot write the rows"
status_of cat_shop -t sales.empty >&-
is "nothing to write: nothing is wrong" "$(cat "$TEST_DIR/status")" 0
status_of cat_shop -t sales.lines >/dev/full
is "the disk is full" "$(cat "$TEST_DIR/status")" 1
has "it is said" "$TEST_DIR/err" "No space left on device"
status_of cat_shop -t sales.lines | head -c 100 >"$TEST_DIR/head"
is "the reader goes away" "$(cat "$TEST_DIR/status")" 1
has "it is said" "$TEST_DIR/err" "Broken pipe"
mkfifo "$TEST_DIR/slow"
gpm-import cat --from "file://$bucket" -t sales.lines >"$TEST_DIR/slow" 2>"$TEST_DIR/err" &
pid=$!
exec 7<"$TEST_DIR/slow"
head -c 1 <&7 >/dev/null
kill -TERM "$pid"
wait "$pid"
is "a signal while the reader sleeps" $? 143
exec 7<&-

# --- nothing of a chunk that differs

cp -a "$bucket" "$TEST_DIR/good"
good_again() {
	rm -rf "$bucket"
	cp -a "$TEST_DIR/good" "$bucket"
}
two=$(cat "$(objects_of sales.lines | sed -n 1p)" "$(objects_of sales.lines | sed -n 2p)" | md5sum)
third=$(objects_of sales.lines | sed -n 3p)
third=${third#"$bucket/$run/"}

only_two() {
	is "$1: what came before it was written, and no more" "$(md5sum <"$TEST_DIR/out")" "$two"
}

(cd "$bucket/$run" && flip_byte "$third" 30000)
exits 4 "a bit flipped" cat_shop -t sales.lines
has "a bit flipped: the object is named" "$TEST_DIR/err" "$third' has another SHA-256"
only_two "a bit flipped"
good_again
rm "$bucket/$run/$third"
exits 4 "an object missing" cat_shop -t sales.lines
only_two "an object missing"

# whoever made all hashes of the store right again does not know those of the rows
forge() { # SED-SCRIPT for the object
	good_again
	cd "$bucket/$run" || return
	sed -i "$1" "$third"
	python3 - tables/*sales.lines.jsonl "$third" <<-'PY'
		import sys, re, hashlib
		path, key = sys.argv[1:]; data = open(key, "rb").read(); lines = open(path, "rb").read().split(b"\n")
		for i, line in enumerate(lines):
		    if b'"key":"' + key.encode() + b'"' in line:
		        lines[i] = re.sub(rb'"stored_sha256":"\w+"', b'"stored_sha256":"' + hashlib.sha256(data).hexdigest().encode() + b'"', line)
		open(path, "wb").write(b"\n".join(lines))
	PY
	reseal_all "$(ls tables/*sales.lines.jsonl)"
	cd "$OLDPWD" || return
}
forge '$s/SKU/SKY/'
exits 4 "a byte of a row, all hashes of objects made right" cat_shop -t sales.lines
has "a byte of a row: it is said" "$TEST_DIR/err" "another hash"
only_two "a byte of a row"

# a chunk that would not fit into memory
good_again
cd "$bucket/$run" || exit 1
python3 - tables/*sales.one_column.jsonl <<'PY'
import sys, re, json
huge, path = 5 << 30, sys.argv[1]
plain = json.loads(open(path).read().split("\n")[2])["plain_bytes"]
for name, lines in ((path, range(2, 5)), ("manifest.jsonl", None)):
    text = open(name).read().split("\n")
    for i, line in enumerate(text):
        if lines is not None and i in lines or lines is None and '"name":"one_column"' in line:
            text[i] = re.sub(r'"plain_bytes":%d\b' % plain, '"plain_bytes":%d' % huge, line)
        elif lines is None and '"rec":"end"' in line:
            text[i] = re.sub(r'"plain_bytes":(\d+)', lambda m: '"plain_bytes":%d' % (int(m[1]) - plain + huge), line)
    open(name, "w").write("\n".join(text))
PY
reseal_all "$(ls tables/*sales.one_column.jsonl)"
cd "$OLDPWD" || exit 1
exits 1 "a chunk of 5 GB" cat_shop -t sales.one_column
has "is refused with the numbers" "$TEST_DIR/err" "holds 5368709120 bytes of rows; cat holds a chunk in memory, and no more than 4294967296"
is "nothing is written" "$(wc -c <"$TEST_DIR/out" | tr -d ' ')" 0

done_testing
