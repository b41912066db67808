#!/usr/bin/env bash
# Goal of this test: gpm-push status and --metrics-file tell how far every run is, from the journals alone: before, while and
# after a push works, after one that failed, and of a run whose journal is damaged.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/../fake_s3.sh"

pg_up src
fill_shop src 20000
prom=$TEST_DIR/gpm.prom

# field NAME: of the last JSON line in $TEST_DIR/out
field() { tail -n 1 "$TEST_DIR/out" | python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1], "-"))' "$1"; }
fields() { for name in "$@"; do field "$name"; done | paste -sd ' '; }
status() { gpm-push status --spool "$spool" --json >"$TEST_DIR/out" 2>"$TEST_DIR/err"; }
metric() { sed -n "s/^gpm_run_$1{run=\"[^\"]*\",database=\"shop\"} //p" "$prom"; }

mkdir "$spool"
exits 0 "an empty spool" gpm-push status --spool "$spool" --metrics-file "$prom"
is "one line" "$(wc -l <"$TEST_DIR/out")" 1
rm -rf "$spool"
ok "export" export_shop -q
chunks=$(grep -c '"rec":"chunk"' "$spool"/*/export.jsonl)
bytes=$(cat "$spool"/*/data/*/*/*/*.csv | wc -c)
exits 0 "before the push" gpm-push status --spool "$spool" --metrics-file "$prom"
has "it waits" "$TEST_DIR/out" " waiting "
has "with all its chunks" "$TEST_DIR/out" " 0/$chunks "
ok "as JSON" status
is "the same" "$(fields state database export_complete push_at_work sealed chunks chunks_stored plain_bytes plain_bytes_stored)" \
	"waiting shop True False False $chunks 0 $bytes 0"
is "as metrics" "$(metric chunks) $(metric chunks_stored) $(metric plain_bytes) $(metric sealed) $(metric error)" "$chunks 0 $bytes 0 0"
ok "which others can read" test "$(stat -c %a "$prom")" = 644

# while one works: its second put stands still
fake ok ok ok ok ok ok slow:600
export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=y
gpm-push -q --spool "$spool" --to s3://test/x -j 1 --metrics-file "$prom" --progress-interval 1s 2>"$TEST_DIR/push.err" &
worker=$!
while [ "$(grep -c '^PUT .*/data/' "$TEST_DIR/fake.log")" != 2 ]; do sleep 0.05; done
ok "while a push works" status
is "it is said" "$(fields state push_at_work chunks chunks_stored sealed)" "pushing True $chunks 1 False"
ok "how fast" test "$(field bytes_per_second)" -gt 0
ok "and how long it takes" test "$(field seconds_left)" -ge 0
for ((i = 0; i < 300; i++)); do
	[ "$(metric chunks_stored)" = 1 ] && break
	sleep 0.1
done
is "its metrics follow" "$(metric push_at_work) $(metric chunks_stored) $(grep -c exit_status "$prom")" "1 1 0"
kill -KILL "$worker"
wait "$worker" 2>/dev/null
fake_end
ok "after its death" status
is "nobody works" "$(fields state push_at_work chunks_stored)" "waiting False 1"

# one that fails: told once, however often it fails, and forgotten when it goes on
exits 5 "a server that is not there" gpm-push -q --spool "$spool" --to s3://test/x --retry-time 1s --retry-total 1s
exits 5 "again" gpm-push -q --spool "$spool" --to s3://test/x --retry-time 1s --retry-total 1s --metrics-file "$prom"
lines=$(wc -l <"$(echo "$spool"/2*/push.jsonl)")
exits 0 "after it" gpm-push status --spool "$spool"
has "the error is told" "$TEST_DIR/out" "cannot examine 's3://test/x/"
is "as a metric, too" "$(metric error) $(sed -n 's/^gpm_push_exit_status //p' "$prom")" "1 5"
is "the journal does not grow by it" "$(wc -l <"$(echo "$spool"/2*/push.jsonl)")" "$lines"

# another place, for the rest (the first chunk was freed there: a new export)
rm -rf "$spool"
ok "export" export_shop -q
exits 0 "a push" push_shop -q --metrics-file "$prom"
ok "at the end" status
is "all is stored, and sealed" "$(fields state sealed chunks chunks_stored plain_bytes_stored last_error)" "sealed True $chunks $chunks $bytes -"
is "the objects' size is theirs" "$(field stored_bytes)" "$(find "$bucket" -path '*/data/*' -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')"
is "as metrics" "$(metric sealed) $(metric stored_bytes) $(metric error) $(sed -n 's/^gpm_push_exit_status //p' "$prom")" "1 $(field stored_bytes) 0 0"
ok "the time is there" grep -qE '^gpm_push_end_timestamp_seconds [0-9]{10}$' "$prom"
is "no name without its type" "$(sed -n 's/^\([a-z_]*\)[{ ].*/\1/p' "$prom" | sort -u)" "$(sed -n 's/^# TYPE \([a-z_]*\) gauge/\1/p' "$prom" | sort)"
run=$(basename "$spool"/2*)
cp -a "$spool/$run" "$spool/20200101T000000Z-00000a"
exits 4 "a run that is none" gpm-push status --spool "$spool"
has "the other is told" "$TEST_DIR/out" "$run"
exits 0 "one by its id" gpm-push status --spool "$spool" --run "$run"
exits 1 "no such run" gpm-push status --spool "$spool" --run 20200101T000000Z-00000b
rm -rf "$spool/20200101T000000Z-00000a"
exits 0 "a file that cannot be written is no reason to fail" push_shop --metrics-file /nowhere/x.prom
has "but told" "$TEST_DIR/err" "warning: no metrics: "
done_testing
