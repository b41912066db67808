#!/usr/bin/env bash
# Goal of this test: two spools that hold the same run, as after a copy to another host, do not push it beside one another: the
# second is told by whom it is pushed, and loses nothing; it may take over; and what is sealed is whole in every case.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../rgw.sh"
. "$(dirname "$0")/fixture.sh"

export HOME=$TEST_DIR
pg_up src
fill_shop src 8000
ok "export" export_shop -q --chunk-size 100kB
cp -a "$spool" "$TEST_DIR/fresh"
run=$(basename "$spool"/2*)
url=file://$bucket
a() { gpm-push --spool "$TEST_DIR/a" --to "$url" "$@"; }
b() { gpm-push --spool "$TEST_DIR/b" --to "$url" "$@"; }
both_fresh() {
	rm -rf "$TEST_DIR/a" "$TEST_DIR/b" "${bucket:?}"/*
	cp -a "$TEST_DIR/fresh" "$TEST_DIR/a"
	cp -a "$TEST_DIR/fresh" "$TEST_DIR/b"
}
sums() { (cd "$1" && find . -type f -exec sha256sum {} + | sort -k 2); }

# --- told, and nothing lost

both_fresh
exits 7 "a push that has to stop" a --max-bytes 60kB
ok "its claim is there" test -e "$bucket/$run/push.claim"
sums "$bucket" >"$TEST_DIR/bucket.before"
sums "$TEST_DIR/b/$run/data" >"$TEST_DIR/spool.before"
exits 6 "another spool" b --compress zstd:3
has "is told whose the run is" "$TEST_DIR/err" "run $run is pushed there from another spool than this: "
has "since when and from where" "$TEST_DIR/err" "$(hostname) $TEST_DIR/a"
has "and what to do" "$TEST_DIR/err" "--take-over"
is "it has stored nothing" "$(sums "$bucket")" "$(cat "$TEST_DIR/bucket.before")"
is "and lost nothing" "$(sums "$TEST_DIR/b/$run/data")" "$(cat "$TEST_DIR/spool.before")"
exits 0 "the first goes on" a
exits 0 "it is whole, with nothing beside" gpm-import verify --full --from "$url"
ok "its claim is gone" test ! -e "$bucket/$run/push.claim" -a ! -e "$TEST_DIR/a/$run/push.claim"
exits 0 "then the other" b
has "finds it sealed" "$TEST_DIR/err" "sealed already"

# --- a push that died after it sealed

printf '0123456789abcdef0123456789abcdef' >"$TEST_DIR/a/$run/push.claim"
echo "0123456789abcdef0123456789abcdef then there" >"$bucket/$run/push.claim"
exits 0 "a claim that was left is no stranger" gpm-import verify --full --from "$url"
exits 0 "the next start" a
ok "removes it" test ! -e "$bucket/$run/push.claim" -a ! -e "$TEST_DIR/a/$run/push.claim"

# --- taking over

both_fresh
exits 7 "a push that has to stop" a --max-bytes 60kB
exits 7 "another one takes over, and has to stop as well" b --take-over --compress zstd:3 --max-bytes 60kB
has "which is said" "$TEST_DIR/err" "is taken over from"
exits 6 "the first is told now" a
has "by whom" "$TEST_DIR/err" "$(hostname) $TEST_DIR/b"
exits 0 "the second goes on" b
exits 0 "it is whole, with nothing beside" gpm-import verify --full --from "$url"

# the first lives on, waits for its export, and is not to seal what the other one has sealed
both_fresh
tail -n 1 "$TEST_DIR/a/$run/export.jsonl" >"$TEST_DIR/end"
sed -i '$d' "$TEST_DIR/a/$run/export.jsonl"
gpm-push --spool "$TEST_DIR/a" --to "$url" --follow --wait 120s 2>"$TEST_DIR/err.a" &
first=$!
all_stored() { gpm-push status --spool "$TEST_DIR/a" --json | jq -e '.chunks > 0 and .chunks == .chunks_stored' >/dev/null; }
for ((i = 0; i < 600; i++)); do
	all_stored && break
	sleep 0.1
done
ok "a push has stored all that there is, and waits" all_stored
exits 0 "another one takes over and seals" b --take-over --compress zstd:19
cat "$TEST_DIR/end" >>"$TEST_DIR/a/$run/export.jsonl"
wait "$first"
is "the first ends when it would seal" $? 6
has "since its claim is gone" "$TEST_DIR/err.a" "another push has ended it"
exits 0 "what the other one sealed is whole" gpm-import verify --full --from "$url"
exits 0 "the first, started again" a
has "finds that" "$TEST_DIR/err" "sealed already"
echo nothing >"$TEST_DIR/b/$run/push.claim"
exits 0 "a sealed run needs no token" b
both_fresh
echo "nothing that anybody would have drawn" >"$TEST_DIR/a/$run/push.claim"
exits 4 "a token that is damaged is not replaced" a
has "but told" "$TEST_DIR/err" "holds no token of a push"

# --- the same spool elsewhere

both_fresh
exits 7 "a push that has to stop" a --max-bytes 60kB
mv "$TEST_DIR/a" "$TEST_DIR/moved"
exits 0 "goes on in another place" gpm-push --spool "$TEST_DIR/moved" --to "$url"
exits 0 "it is whole" gpm-import verify --full --from "$url"

# --- what another writes there

both_fresh
mkdir -p "$bucket/$run"
printf 'x\033[31m\0%70000s' y >"$bucket/$run/push.claim"
exits 1 "a claim that is none, and too long" a
printf 'x\033[31m\0y' >"$bucket/$run/push.claim"
exits 6 "a claim that is none" a
ok "is shown without what a terminal would do" sh -c "! grep -q '$(printf '\033')' '$TEST_DIR/err'"
: >"$bucket/$run/push.claim"
exits 6 "an empty one" a

# --- at the same time, on a real server

rgw_up
s3_env
for round in 1 2 3; do
	both_fresh
	url=s3://test/round$round
	a --compress zstd:1 >/dev/null 2>"$TEST_DIR/err.a" &
	first=$!
	b --compress zstd:3 >/dev/null 2>"$TEST_DIR/err.b" &
	second=$!
	wait "$first"
	first=$?
	wait "$second"
	second=$?
	case $first:$second in
	0:0) ok "round $round: one found it sealed" grep -q "sealed already" "$TEST_DIR/err.a" "$TEST_DIR/err.b" ;;
	0:6) has "round $round: the second is told" "$TEST_DIR/err.b" "is pushed there from another spool" ;;
	6:0) has "round $round: the first is told" "$TEST_DIR/err.a" "is pushed there from another spool" ;;
	*) is "round $round" "$first:$second" "one of them" ;;
	esac
	exits 0 "round $round: it is whole, with nothing beside" gpm-import verify --full --from "$url"
done
done_testing
