#!/usr/bin/env bash
# Goal of this test: gpm-push list, remove and expire: what goes, what stays, and what a removal leaves that dies half-way;
# and pushes into buckets that may only be put to, or that keep what was put once.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/../fake_s3.sh"

pg_up src
fill_shop src 4000
q src postgres "create database other"
q src other "create table t as select generate_series(1, 100) a"

runs() { (cd "$bucket" && ls -d 2* 2>/dev/null) | paste -sd ' '; }
push_new() { # DATABASE: another run of it
	gpm-export -q -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d "$1" --spool "$spool" --chunk-size 64KB --new-run || exit 1
	push_shop -q || exit 1
	ids+=("$(runs | awk '{ print $NF }')")
}
on() { gpm-push "$1" --to "file://$bucket" "${@:2}"; }

exits 0 "an empty bucket" on list
ids=()
for database in shop shop other shop shop; do push_new "$database"; done
export_shop -q --new-run
sed -i '$d' "$(printf '%s\n' "$spool"/2*/export.jsonl | tail -n 1)"
exits 5 "one that is not complete" push_shop -q
open=$(runs | awk '{ print $NF }')
exits 0 "list" on list
is "all are there" "$(awk 'NR > 1 { print $2 }' "$TEST_DIR/out" | paste -sd ' ')" "sealed sealed sealed sealed sealed open"
exits 0 "list for programs" on list --json
is "as JSON" "$(python3 -c 'import json, sys
for line in sys.stdin: o = json.loads(line); print(o["state"], o.get("database", "-"), o.get("tables", "-"))' <"$TEST_DIR/out" | sort | uniq -c | awk '{$1=$1; print}' | paste -sd '|')" \
	"1 open - -|1 sealed other 1|4 sealed shop 8"

# --- expire

exits 2 "expire without a number" on expire
exits 2 "none is not to be had" on expire --keep-runs 0
exits 0 "expire what is less than there is" on expire --keep-runs 4
is "nothing goes" "$(runs)" "${ids[*]} $open"
has "the one that is not sealed is told" "$TEST_DIR/err" "run $open is not sealed, and stays"
exits 0 "expire" on expire --keep-runs 3
is "the oldest of the database that has more goes" "$(runs)" "${ids[*]:1} $open"
has "it is told" "$TEST_DIR/err" "run ${ids[0]} is removed"
exits 0 "the rest is whole" gpm-import verify --full --from "file://$bucket" --run "${ids[1]}"

# --- remove

exits 2 "remove without a run" on remove
exits 1 "one that is not there" on remove --run "${ids[0]}"
exits 1 "one out of the middle" on remove --run "${ids[3]}"
has "is referred to" "$TEST_DIR/err" "run ${ids[3]} is referred to: ${ids[4]} follows it, and it follows ${ids[1]}"
is "it stays" "$(runs)" "${ids[*]:1} $open"
exits 0 "the newest" on remove --run "${ids[4]}"
exits 0 "the open one" on remove --run "$open"
is "they are gone" "$(runs)" "${ids[*]:1:3}"
is "with everything" "$(find "$bucket" -name '.gpm-*' -o -name removing)" ""

# --- a removal that dies

cp -a "$bucket/${ids[1]}" "$TEST_DIR/copy"
: >"$bucket/${ids[1]}/removing" # as its first step leaves it
: >"$bucket/${ids[1]}/.gpm-0123456789abcdef"
exits 0 "list" on list
has "a removal that was cut short is seen" "$TEST_DIR/out" "${ids[1]}  removing "
exits 0 "expire ends it, whatever it keeps" on expire --keep-runs 9
is "it is gone" "$(runs)" "${ids[*]:2:2}"
sed -i 's/"rows":/"rowz":/' "$bucket/${ids[2]}/manifest.jsonl"
exits 4 "a run whose manifest is damaged" on list
has "is told" "$TEST_DIR/out" "${ids[2]}  damaged "
exits 0 "expire leaves it alone" on expire --keep-runs 1
has "and says so" "$TEST_DIR/err" "warning: run ${ids[2]} stays"

# --- put only, and write once

rm -rf "$spool" "${bucket:?}"/*
ok "export" export_shop -q
cp -a "$spool" "$TEST_DIR/whole"
fake
export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=y
exits 0 "--put-only" gpm-push --spool "$spool" --to s3://test/x --put-only
is "asks for nothing else" "$(cut -d ' ' -f 1 "$TEST_DIR/fake.log" | sort -u)" PUT
has "and seals" "$TEST_DIR/fake.log" "/manifest.jsonl"
fake_end
unset GPM_ENDPOINT_URL
rm -rf "$spool"
cp -a "$TEST_DIR/whole" "$spool"
exits 0 "--write-once" push_shop --write-once --keep
(cd "$bucket" && find . -type f -exec sha256sum {} + | sort) >"$TEST_DIR/want"
find "$bucket" -type f -exec stat -c '%n %i' {} + | sort >"$TEST_DIR/inodes"
# as if the push had died after the first put of each kind, before it noted them
rm "$spool"/*/push.jsonl "$(run_dir)manifest.jsonl" "$(run_dir)SHA256SUMS"
exits 0 "again, without a journal" push_shop --write-once
(cd "$bucket" && find . -type f -exec sha256sum {} + | sort) >"$TEST_DIR/got"
ok "the end is the same" diff "$TEST_DIR/want" "$TEST_DIR/got"
find "$bucket" -path '*/data/*' -type f -exec stat -c '%n %i' {} + | sort >"$TEST_DIR/inodes.now"
ok "no chunk was written again" diff <(grep /data/ "$TEST_DIR/inodes") "$TEST_DIR/inodes.now"
rm -rf "$spool"
cp -a "$TEST_DIR/whole" "$spool"
rm "$(run_dir)manifest.jsonl"
object=$(find "$bucket" -path '*/data/*' -type f | sort | head -n 1)
printf x >>"$object"
exits 4 "what holds something else" push_shop --write-once
has "is told" "$TEST_DIR/err" "holds something else"
exits 2 "both at once" push_shop --write-once --put-only
done_testing
