#!/usr/bin/env bash
# Goal of this test: out of a real S3 server into a real Greenplum, whose segments read the bucket: by its own s3:// protocol
# (--method s3), where what the protocol would lose without a word is found before or after, and the table counts as not
# content-checked until it was; and by gpm-import cat (--method web), whose key stands in no command.
# GPM_TEST_KILLS sets the number of kills (4).
kills=${GPM_TEST_KILLS:-4}
GP_CONNINFO_1=${GPM_TEST_DESTINATION:-} GP_CONNINFO_2=${GPM_TEST_SOURCE:-}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/../rgw.sh"
. "$(dirname "$0")/gp.sh"

gp_or_skip
rgw_up
s3_env
export HOME=$TEST_DIR
pg_up src
fill_shop src 60000
from=s3://test/a/b
probe() { # PROGRAM OF THE PROTOCOL, in a fresh database
	gp "create function read_from_s3() returns integer as '\$libdir/$1', 's3_import' language c stable;
		create trusted protocol s3 (readfunc = read_from_s3)"
}
fresh_s3() {
	gp_fresh "$TEST_DIR/tables"
	[ -z "$library" ] || probe "$library"
}
cat >"$TEST_DIR/s3.conf" <<END
[default]
accessid = "$AWS_ACCESS_KEY_ID"
secret = "$AWS_SECRET_ACCESS_KEY"
version = 2
encryption = false
END

ok "export" export_shop -q --data-only --snapshot table --batch-size 1MB
mkdir "$TEST_DIR/tables"
cp "$spool"/*/export.jsonl "$TEST_DIR/tables"
ok "push" gpm-push -q --spool "$spool" --to $from --for s3
run=$(gpm-import list --from $from | grep -o '^[0-9]*T[0-9]*Z-[0-9a-f]*')
objects=$(s3_keys "a/b/$run/data/" | wc -l | tr -d ' ')
batch=$(s3_keys "a/b/$run/data/" | sed -n 's|\(.*sales\.lines/.*/b0002/\).*|\1|p' | head -n 1)

# --- web: the key is the segments' own

# the segments' user has no home that a test may write to: a script in the program's place brings the key
printf '#!/bin/sh\n. %s/key\nexec %s "$@"\n' "$TEST_DIR" "$build_dir/import/gpm-import" >"$TEST_DIR/program"
printf 'export AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >"$TEST_DIR/key"
chmod 755 "$TEST_DIR/program"
library=
fresh_s3
exits 0 "web: load" gp_load -q --method web --program "$TEST_DIR/program" --verify content -j 3
gp_exact "web"
fresh_s3
exits 3 "web without a key on the segments" gp_load -q --method web --program "$build_dir/import/gpm-import"
has "says what is missing" "$TEST_DIR/err" "AWS_ACCESS_KEY_ID"
has "and where" "$TEST_DIR/err" "runs on each segment host, as the database's user"
hasnt "and no secret" "$TEST_DIR/err" "$AWS_SECRET_ACCESS_KEY"
is "no row comes" "$(gp "select count(*) from gpm.ledger")" 0

# --- s3: refusals

s3_load() {
	gp_load --method s3 --s3-config "$TEST_DIR/s3.conf" "$@"
}
exits 2 "no --s3-config" gp_load -q --method s3
has "is told" "$TEST_DIR/err" "--s3-config is needed"
fresh_s3
exits 1 "no protocol" s3_load -q
has "is told" "$TEST_DIR/err" "this database has no protocol s3"
has "and how to make it" "$TEST_DIR/err" "CREATE TRUSTED PROTOCOL s3"
for library in gps3ext.so gpcloud.so ''; do
	[ -n "$library" ] && probe "$library" >"$TEST_DIR/probe" 2>&1 && break
done
if [ -z "$library" ]; then
	comment <"$TEST_DIR/probe"
	result 0 "--method s3 # SKIP this Greenplum was built without gpcloud"
	done_testing
fi

# --- all of it

fresh_s3
exits 0 "preflight" gpm-import preflight --from $from -d "$gp_conninfo dbname=$gp_db" --method s3 --s3-config "$TEST_DIR/s3.conf"
exits 0 "load" s3_load -q -j 3
gp_exact "s3"
is "every table with rows is not content-checked" "$(grep -c 'NOT content-checked$' "$TEST_DIR/out")" 7
has "the run neither" "$TEST_DIR/out" "7 of the tables are NOT content-checked"
exits 0 "a second load does nothing" gp_load -q
has "and knows it still" "$TEST_DIR/out" "7 of the tables are NOT content-checked"
exits 0 "a check of the numbers" gp_check
has "knows it too" "$TEST_DIR/out" "7 of the tables are NOT content-checked"
exits 0 "a check of the content" gp_check --verify content
hasnt "ends it" "$TEST_DIR/out" "NOT content-checked"
exits 0 "for good" gp_check
hasnt "as the ledger knows" "$TEST_DIR/out" "NOT content-checked"
fresh_s3
exits 0 "load, content and all" s3_load -q --verify content
hasnt "nothing is left to check" "$TEST_DIR/out" "NOT content-checked"
gp_exact "s3 with content"

# --- what the protocol would not see

store() { s3 PUT "/test/$1" "$2" >/dev/null; }
fetch() { s3 GET "/test/$1" >/dev/null && cp "$TEST_DIR/s3.out" "$2"; }
victim=$(s3_keys "$batch" | sed -n 2p)
fetch "$victim" "$TEST_DIR/object"
lost() { # NAME STATUS MESSAGE
	fresh_s3
	exits "$2" "$1" s3_load -q -j 2
	has "$1: it is said" "$TEST_DIR/err" "$3"
	is "$1: nothing of the batch is loaded" "$(gp "select count(*) from gpm.ledger where table_name = 'lines' and batch = 2")" 0
	is "$1: the rows are those of the ledger" "$(gp "select count(*) = (select sum(rows) from gpm.ledger where table_name = 'lines') from sales.lines")" t
}
store "${batch}000099.csv.gz" "$TEST_DIR/object"
lost "a stranger in the folder" 4 "000099.csv.gz' is in the folder of a batch, and not in its manifest"
s3 DELETE "/test/${batch}000099.csv.gz" >/dev/null
: >"$TEST_DIR/nothing"
store "${batch}deeper/x" "$TEST_DIR/nothing"
lost "one in a folder below it" 4 "deeper/x' is in the folder of a batch, and not in its manifest"
s3 DELETE "/test/${batch}deeper/x" >/dev/null
s3 DELETE "/test/$victim" >/dev/null
lost "an object missing" 4 "$(basename "$victim")' is missing"
head -c 1000 "$TEST_DIR/object" >"$TEST_DIR/cut"
store "$victim" "$TEST_DIR/cut"
lost "one cut" 4 "has 1000 bytes, its manifest says"
# of the same size, whole gzip, and half of the rows; the rest of it is a second member
python3 - "$TEST_DIR/object" "$TEST_DIR/half" <<'PY'
import gzip, sys, zlib
size = len(open(sys.argv[1], "rb").read()); rows = gzip.open(sys.argv[1]).read().splitlines(keepends=True)
def member(data, level=9):
    c = zlib.compressobj(level, zlib.DEFLATED, 31); return c.compress(data) + c.flush()
half = member(b"".join(rows[:len(rows) // 2]))
for level in (9, 6, 1, 0):
    rest = member(b"".join(rows[len(rows) // 2:]), level)
    if len(half) + len(rest) >= size: break
data = half + rest
open(sys.argv[2], "wb").write(data[:size])
PY
is "a forged object has the size of the good one" "$(wc -c <"$TEST_DIR/half")" "$(wc -c <"$TEST_DIR/object")"
store "$victim" "$TEST_DIR/half"
lost "two members, of which the protocol reads one" 4 "s3 took"
# other rows, as many, which compress better, in an object of the same size: only their content tells
python3 - "$TEST_DIR/object" "$TEST_DIR/other" <<'PY'
import gzip, sys, zlib
size = len(open(sys.argv[1], "rb").read()); rows = gzip.open(sys.argv[1]).read().splitlines(keepends=True)
rows = [row.rsplit(b",", 1)[0] + b",x\n" for row in rows]
def member(data, level):
    c = zlib.compressobj(level, zlib.DEFLATED, 31); return c.compress(data) + c.flush()
body = member(b"".join(rows), 9)
pad = size - len(body) # a header's comment fills it up
assert pad >= 1, pad
data = body[:3] + bytes([body[3] | 16]) + body[4:10] + b"x" * (pad - 1) + b"\0" + body[10:]
assert len(data) == size and gzip.decompress(data)
open(sys.argv[2], "wb").write(data)
PY
store "$victim" "$TEST_DIR/other"
fresh_s3
exits 0 "another row in an object of the same size is loaded" s3_load -q
has "and the table is not content-checked" "$TEST_DIR/out" "NOT content-checked"
exits 4 "the check of the content" gp_check --verify content
has "finds it" "$TEST_DIR/err" "sales.lines: holds as many rows, but not the same"
store "$victim" "$TEST_DIR/object"

# --- a batch that was loaded in part

fresh_s3
exits 0 "by copy" gp_load -q --method copy
gone=$(gpm-import cat --from $from -t sales.lines --batch 2 --chunks 2-3 | cut -d, -f1 | paste -sd,)
gp "delete from sales.lines where id in ($gone)"
gp "delete from gpm.ledger where table_name = 'lines' and batch = 2 and seq in (2, 3)"
exits 3 "a batch in part" s3_load -q
has "is refused" "$TEST_DIR/err" "batch 2 was loaded in part, and --method s3 reads whole batches"
exits 0 "copy ends it" gp_load -q --method copy
gp_exact "in part"

# --- deaths

fresh_s3
gp_deaths --method s3 --s3-config "$TEST_DIR/s3.conf"
exits 0 "killed: then it ends well" s3_load -q --verify content
gp_exact "after the kills"

# --- plan

fresh_s3
PGHOST=/nowhere gpm-import plan --from $from --method s3 --s3-config "$TEST_DIR/s3.conf" >"$TEST_DIR/plan.sql"
is "plan" $? 0
hasnt "no secret in it" "$TEST_DIR/plan.sql" "$AWS_SECRET_ACCESS_KEY"
hasnt "nor the key's name" "$TEST_DIR/plan.sql" "$AWS_ACCESS_KEY_ID"
exits 0 "psql" gp_plan_run
gp_exact "plan"
exits 0 "psql again" gp_plan_run
gp_exact "plan, again"
exits 0 "load has nothing to do" s3_load -q
has "and knows that nothing is content-checked" "$TEST_DIR/out" "7 of the tables are NOT content-checked"
s3 DELETE "/test/$victim" >/dev/null
exits 4 "plan of a bucket that lacks an object" gpm-import plan --from $from --method s3 --s3-config "$TEST_DIR/s3.conf"
store "$victim" "$TEST_DIR/half"
fresh_s3
exits 3 "an object changed after the plan: psql stops" gp_plan_run
has "because of the number" "$TEST_DIR/err" "rows that came are not those of the batch"
is "and nothing of the batch is there" "$(gp "select max(batch) from gpm.ledger where table_name = 'lines'")" 1
store "$victim" "$TEST_DIR/object"
exits 0 "mended: psql goes on" gp_plan_run
gp_exact "plan, mended"

done_testing
