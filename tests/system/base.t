#!/usr/bin/env bash
# Goal of this test: gpm-push --base: a later run sends only what changed and names the earlier run's objects for the rest; it is verified and loaded as a
# whole, and the earlier run cannot go while it is needed.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/tamper.sh"

ids() { (cd "$bucket" && ls -d 2* 2>/dev/null); }
newest() { ids | tail -n 1; }
in_spool() { printf '%s\n' "$spool"/2* | tail -n 1; }
objects() { find "$bucket/$1/data" -type f 2>/dev/null | wc -l; }
based() { cat "$bucket/$1"/tables/*.jsonl | grep '"rec":"chunk"' | grep -c '"base":'; }
chunks() { cat "$bucket/$1"/tables/*.jsonl | grep -c '"rec":"chunk"'; }
sums_hold() { (cd "$bucket/$1" && sha256sum --quiet -c SHA256SUMS); }
next_run() { # SQL [OPTION…]
	q src shop "$1" >/dev/null
	export_shop -q --new-run && push_shop "${@:2}" >"$TEST_DIR/out" 2>"$TEST_DIR/err"
}

pg_up src
pg_up dst
fill_shop src 60000
fresh_warehouse
exits 0 "export" export_shop -q
exits 0 "the first run has nothing to name" push_shop --base latest
has "it is told" "$TEST_DIR/err" "is the first of its database here: everything is stored"
first=$(newest)
is "all is stored" "$(based "$first") $(objects "$first")" "0 $(chunks "$first")"

ok "nothing changed" next_run "" --base latest
second=$(newest)
is "nothing is stored" "$(objects "$second")" 0
is "all is named" "$(based "$second")" "$(chunks "$first")"
has "it is told" "$TEST_DIR/err" "$(chunks "$first") objects, "
exits 0 "it is whole" verify_shop --run "$second"
exits 0 "to the last byte, and without strangers" verify_shop --full --run "$second"
ok "without our tools, too" sums_hold "$second"

ok "nothing changed once more" next_run "" --base latest
is "the run refers to what it needs only" "$(jq -c 'select(.rec == "push") | .bases' "$bucket/$(newest)/manifest.jsonl")" "[\"$first\"]"
cp -a "$bucket" "$TEST_DIR/other"
exits 0 "so expire" gpm-push expire --to "file://$TEST_DIR/other" --keep-runs 1
is "takes the one between" "$(cd "$TEST_DIR/other" && ls -d 2*)" "$first
$(newest)"
exits 0 "and what is left is whole" gpm-import verify --full --from "file://$TEST_DIR/other"
rm -rf "$TEST_DIR/other"

ok "a little changed" next_run "insert into sales.lines select i, 1, 1, 'new', 'new' from generate_series(60001, 60100) i;
	create table sales.fresh (a int); insert into sales.fresh values (1); alter table sales.one_column add column b int; drop table sales.empty" --base latest
third=$(newest)
ok "a little is stored ($(objects "$third") of $(chunks "$third"))" test "$(objects "$third")" -ge 3 -a "$(objects "$third")" -le 20
is "the rest is named in the run that has it" "$(cat "$bucket/$third"/tables/*.jsonl | grep -o '"base":"[^"]*"' | sort -u)" "\"base\":\"$first\""
exits 0 "it is whole" verify_shop --full --run "$third"
ok "without our tools, too" sums_hold "$third"
exits 0 "load" load_shop --verify content
shop_tables() { printf '%s\n' sales.lines sales.odd sales.fresh sales.one_column sales.floats sales.orders_2024 sales.orders_rest; }
same_shop "every row is there"
exits 0 "the rows of one table" gpm-import cat --from "file://$bucket" -t sales.lines
is "all of them" "$(wc -l <"$TEST_DIR/out")" 60100
q dst warehouse "update sales.lines set note = 'x' where id = 30000"
exits 4 "what differs" gpm-import diff --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse -t sales.lines
has "is found in the earlier run's object" "$TEST_DIR/out" "changed  row "

# --- the earlier run is needed

exits 1 "it cannot be removed" gpm-push remove --to "file://$bucket" --run "$first"
has "for it is referred to" "$TEST_DIR/err" "run $first is referred to: run $second names objects of it"
exits 0 "expire" gpm-push expire --to "file://$bucket" --keep-runs 1
has "leaves it" "$TEST_DIR/err" "run $first stays: run "
ok "as it is" sums_hold "$third"
exits 0 "the last run is as whole as before" verify_shop --full --run "$third"

# --- damage there is damage here

object=$bucket/$first/$(cat "$bucket/$third"/tables/*-sales.lines.jsonl | jq -r 'select(.base != null) | .key' | head -n 1)
cp "$object" "$TEST_DIR/object"
printf 'x' | dd of="$object" bs=1 seek=100 conv=notrunc 2>/dev/null
exits 4 "a byte in an earlier object" verify_shop --full --run "$third"
has "is found, where it is" "$TEST_DIR/err" "'$first/data/"
fresh_warehouse
exits 4 "and not loaded" load_shop
rm "$object"
exits 4 "one that is gone" verify_shop --run "$third"
ok "is stored again by the next run" next_run "" --base "$third"
has "which says so" "$TEST_DIR/err" "is not as its manifest says; its bytes are stored again"
exits 0 "and is whole" verify_shop --full
cp "$TEST_DIR/object" "$object"

# a manifest that names a run that its root does not
last=$(newest)
cp -a "$bucket/$last" "$TEST_DIR/last"
(cd "$bucket/$last" && edit_line manifest.jsonl 's/,"bases":[^]]*\]//' && reseal manifest.jsonl)
exits 4 "a run whose root manifest refers to no other" verify_shop --run "$last"
has "may not name its objects" "$TEST_DIR/err" "which run $last does not refer to"
rm -rf "${bucket:?}/$last" && cp -a "$TEST_DIR/last" "$bucket/$last"

# --- killed, and what it is not for

q src shop "update sales.odd set b = 'more' where a % 2 = 0"
export_shop -q --new-run
run=$(basename "$(in_spool)")
cp "$spool/$run/export.jsonl" "$TEST_DIR/journal"
sed -i '2s/"rec"/"rrc"/' "$spool/$run/export.jsonl"
exits 4 "a journal that is damaged" push_shop -q --base latest
has "is told" "$TEST_DIR/err" "is damaged"
cp "$TEST_DIR/journal" "$spool/$run/export.jsonl"
exits 7 "begun with a base" push_shop --base latest --max-bytes 10
exits 1 "the base of a run that is not sealed" gpm-push remove --to "file://$bucket" --run "$last"
has "cannot be removed either" "$TEST_DIR/err" "run $last is referred to: run $run names objects of it"
ok "and is not marked" test ! -e "$bucket/$last/removing"
object=$bucket/$(grep '"base":' "$spool/$run/push.jsonl" | head -n 1 | jq -r '.base + "/" + .key')
mv "$object" "$TEST_DIR/object"
head -c 10 "$TEST_DIR/object" >"$object"
exits 4 "an object of the base that was cut since it was named" push_shop
has "is found before the seal" "$TEST_DIR/err" "was stored with "
ok "which is not made" test ! -e "$bucket/$run/manifest.jsonl"
rm "$object"
exits 4 "one that is gone" push_shop
has "as well" "$TEST_DIR/err" "was stored and is not there any more"
mv "$TEST_DIR/object" "$object"
for delay in 0.02 0.04 0.06; do
	gpm-push --spool "$spool" --to "file://$bucket" -q -j 1 >/dev/null 2>&1 & # no function, which would stand before it
	pusher=$!
	sleep "$delay"
	kill -9 "$pusher" 2>/dev/null
	wait "$pusher" 2>/dev/null
done
exits 0 "after deaths it goes on, without saying --base again" push_shop
exits 0 "the run is whole" verify_shop --full
ok "and names what there was" test "$(based "$(newest)")" -gt "$(objects "$(newest)")"
fresh_warehouse
exits 0 "load" load_shop --verify content
same_shop "every row is there"
q src shop "update sales.odd set b = 'still more' where a % 2 = 0"
export_shop -q --new-run
: >"$bucket/$third/removing"
exits 5 "a base that is being removed" push_shop --base "$third"
has "is told" "$TEST_DIR/err" "run $third, whose objects this one may name, is being removed"
rm "$bucket/$third/removing"
exits 0 "it was not" push_shop

# --- a table that the export has left to an earlier run (greenplum-base.t shows how it comes to that; here its journal is made so)

left() { "$build_dir/tests/unit/left-probe" "$spool" "$(basename "$(in_spool)")" "$@" && rm -rf "$(in_spool)"/data/*-"sales.$2"; }
last=$(newest)
q src shop "insert into sales.lines select i, 1, 1, 'left', 'left' from generate_series(70001, 70010) i" >/dev/null
export_shop -q --new-run && push_shop -q
base=$(newest)
q src shop "update sales.odd set b = 'left' where a % 3 = 0" >/dev/null
exits 0 "an export on PostgreSQL" export_shop --new-run --base latest
has "reads every table" "$TEST_DIR/err" "PostgreSQL does not tell which tables were written to: every table is read"
run=$(basename "$(in_spool)")
ok "of which one is left" left "$base" lines 0
exits 2 "the base is the export's" push_shop --base "$last"
exits 2 "and so is how it is stored" push_shop --compress none
has "is told" "$TEST_DIR/err" "run $run has tables that are in run $base, which was stored with --for any --compress zstd:1, not --for any --compress none"
exits 2 "not without looking" push_shop --put-only
mv "$bucket/$base" "$TEST_DIR/base"
exits 1 "a base that is not there" push_shop
mv "$TEST_DIR/base" "$bucket/$base"
exits 7 "a push that ends early" push_shop --max-bytes 10
exits 0 "status" gpm-push status --spool "$spool" --json
is "counts what was named" "$(jq -c "select(.run == \"$run\") | .chunks >= .chunks_stored and .chunks_stored >= $(grep -c '"rec":"chunk"' "$bucket/$base"/tables/*-sales.lines.jsonl)" "$TEST_DIR/out")" true
exits 0 "goes on" push_shop
is "each chunk of the table is named once" "$(grep -c '"rec":"chunk".*"base":' "$bucket/$run"/tables/*-sales.lines.jsonl)" "$(grep -c '"rec":"chunk"' "$bucket/$base"/tables/*-sales.lines.jsonl)"
is "where it is" "$(jq -r 'select(.rec == "chunk") | .base' "$bucket/$run"/tables/*-sales.lines.jsonl | sort -u)" \
	"$(jq -r "select(.rec == \"chunk\") | .base // \"$base\"" "$bucket/$base"/tables/*-sales.lines.jsonl | sort -u)"
exits 0 "the run is whole" verify_shop --full --run "$run"
ok "without our tools, too" sums_hold "$run"
fresh_warehouse
exits 0 "load" load_shop --verify content
same_shop "every row is there"
exits 0 "an export" export_shop -q --new-run
ok "whose table is said to be another" left "$base" lines 2
exits 4 "is not sealed" push_shop
has "for it does not add up" "$TEST_DIR/err" "sales.lines: "
exits 0 "an export" export_shop -q --new-run
ok "whose table is said to be none" left "$base" lines 4711
exits 4 "is not sealed" push_shop --run "$(basename "$(in_spool)")"
has "and told why" "$TEST_DIR/err" "which gpm-export left to an earlier run: run $base has no table of the number 4711"
rm -rf "$(in_spool)"
rm -rf "$(in_spool)"

exits 1 "a run that is not there" next_run "" --base 20200101T000000Z-000000
exits 2 "not without looking" push_shop --base latest --put-only
gpm-push keygen --encrypt-key "$TEST_DIR/key" 2>/dev/null
exits 2 "not encrypted" push_shop --base latest --encrypt-key "$TEST_DIR/key"
exits 2 "not for who reads folders" push_shop --base latest --for s3
done_testing
