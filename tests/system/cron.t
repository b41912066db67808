#!/usr/bin/env bash
# Goal of this test: gpm-push as cron starts it: it stops at each limit and at a signal after the chunk that is on
# its way, the next start goes on, the end is that of a push that nobody disturbed; and it is silent when nothing is to
# be said.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/../fake_s3.sh"

pg_up src
fill_shop src 20000

# sums: what the bucket holds, but for what tells when it was written
sums() { (cd "$1" && find . -type f -exec sha256sum {} + | sort -k 2); }
again() {
	rm -rf "$spool" "${bucket:?}"/*
	cp -a "$TEST_DIR/whole" "$spool"
}
stored() { cat "$spool"/*/push.jsonl | grep -c '"rec":"chunk"'; }

export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=y
push_fake() { gpm-push --spool "$spool" --to s3://test/x -j 1 "$@"; }
puts() { grep -c '^PUT /test/x/[^/]*/data/' "$TEST_DIR/fake.log"; }
until_put() { while ! grep -q '^PUT .*/data/' "$TEST_DIR/fake.log"; do sleep 0.05; done; }

exits 0 "nothing in the spool" gpm-push --spool "$(mkdir "$TEST_DIR/none" && echo "$TEST_DIR/none")" --to "file://$bucket"
is "nothing is said" "$(cat "$TEST_DIR/out" "$TEST_DIR/err")" ""
ok "export" export_shop -q
cp -a "$spool" "$TEST_DIR/whole"
exits 0 "a push that nobody disturbs" push_shop
sums "$bucket" >"$TEST_DIR/want"
exits 0 "another one, with nothing to do" push_shop
is "says nothing" "$(cat "$TEST_DIR/out" "$TEST_DIR/err")" ""

# --- an amount

again
exits 7 "an amount that no object fits" push_shop --max-bytes 10
has "is told so" "$TEST_DIR/err" "hint: it has to be more than one object's size"
is "nothing was sent but whose the run is" "$(find "$bucket" -type f ! -name push.claim)" ""
starts=0 most=0 status=7
while [ "$status" = 7 ] && [ "$starts" -lt 100 ]; do
	before=$(find "$bucket" -path '*/data/*' -type f -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }')
	push_shop -q --max-bytes 150KB >"$TEST_DIR/out" 2>"$TEST_DIR/err"
	status=$?
	[ ! -s "$TEST_DIR/err" ] || break
	after=$(find "$bucket" -path '*/data/*' -type f -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }')
	[ $((after - before)) -le "$most" ] || most=$((after - before))
	starts=$((starts + 1))
done
is "start after start: exit status" "$status" 0
is "without a word" "$(cat "$TEST_DIR/err")" ""
ok "it took several ($starts)" test "$starts" -ge 3
ok "none sent more than was allowed ($most bytes)" test "$most" -le $((150 * 1024))
sums "$bucket" >"$TEST_DIR/got"
ok "the end is as if nobody had stopped it" diff "$TEST_DIR/want" "$TEST_DIR/got"

# --- a time

again
fake ok ok ok ok slow:4
exits 7 "--max-duration" push_fake --max-duration 3s
has "is told" "$TEST_DIR/err" "error: stopped by --max-duration 3s"
has "with what comes next" "$TEST_DIR/err" "hint: the next start goes on"
is "the chunk that was on its way is stored, no other was begun" "$(puts) $(stored)" "1 1"
exits 5 "trouble is not borne with for longer" push_fake --max-duration 1s --endpoint-url http://127.0.0.1:9
has "it is told" "$TEST_DIR/err" "no time is left for another try"
exits 0 "--until: the next start goes on" push_fake --until "$(date -d '-2 minutes' +%H:%M)"
is "it sent the rest once" "$(puts)" "$(grep -c '"rec":"chunk"' "$TEST_DIR/whole"/*/export.jsonl)"
exits 2 "no time of day" push_fake --until 25:00
fake_end

# --- signals

for signal in TERM INT HUP; do
	again
	fake ok ok ok ok slow:2
	env --default-signal=INT gpm-push --spool "$spool" --to s3://test/x -j 1 2>"$TEST_DIR/err" &
	worker=$!
	until_put
	kill "-$signal" "$worker"
	wait "$worker"
	is "SIG$signal: exit status" $? "$((128 + $(kill -l "$signal")))"
	has "SIG$signal: said" "$TEST_DIR/err" "stopped by signal"
	is "SIG$signal: the chunk that was on its way is stored, no other was begun" "$(puts) $(stored)" "1 1"
	fake_end
done
again
fake ok ok ok ok slow:600
env --default-signal=INT gpm-push --spool "$spool" --to s3://test/x -j 1 2>"$TEST_DIR/err" &
worker=$!
until_put
kill -TERM "$worker"
while [ "$(awk '/^(SigPnd|ShdPnd):/ { n += ($2 != "0000000000000000") } END { print n }' "/proc/$worker/status" 2>/dev/null)" = 1 ]; do sleep 0.05; done
kill -INT "$worker"
wait "$worker"
is "a second signal: exit status" $? 130
is "nothing was waited for, nothing is stored" "$(stored)" 0
fake_end
unset GPM_ENDPOINT_URL

# --- silence, for whoever wants it

again
sed -i '$d' "$spool"/*/export.jsonl
exits 5 "the export is not complete" push_shop -q
is "-q: nothing is said" "$(cat "$TEST_DIR/err")" ""
mkfifo "$TEST_DIR/gate"
lock=$(echo "$spool"/2*/push.lock)
flock "$lock" cat "$TEST_DIR/gate" &
while flock -n "$lock" true; do sleep 0.05; done
exits 6 "another one is at work" push_shop -q
is "-q: nothing is said" "$(cat "$TEST_DIR/err")" ""
echo >"$TEST_DIR/gate"
wait $!
mv "$bucket" "$bucket.away"
exits 1 "no bucket" push_shop -q
has "is said" "$TEST_DIR/err" "there is no folder"
mv "$bucket.away" "$bucket"

# --- systemd

again
unit=${top_srcdir:-$tests_dir/..}/upload/gpm-push.service
start=$(sed -n 's|^ExecStart=/usr/bin/||p' "$unit")
GPM_SPOOL=$spool GPM_TO=file://$bucket exits 0 "the service's command: $start" bash -c "$start"
is "says nothing" "$(cat "$TEST_DIR/err")" ""
sums "$bucket" >"$TEST_DIR/got"
ok "and stores everything" diff "$TEST_DIR/want" "$TEST_DIR/got"
for status in 5 6 7; do
	ok "the service takes $status for a success" grep -qE "^SuccessExitStatus=(.* )?$status( |\$)" "$unit"
done
if command -v systemd-analyze >/dev/null; then
	mkdir "$TEST_DIR/units"
	sed "s|/usr/bin/gpm-push|$(command -v gpm-push)|; s|^User=.*|User=root|" "$unit" >"$TEST_DIR/units/gpm-push.service"
	cp "${unit%.service}.timer" "$TEST_DIR/units"
	systemd-analyze verify --man=no "$TEST_DIR"/units/gpm-push.* 2>&1 | grep -F gpm-push >"$TEST_DIR/err"
	is "systemd has nothing to say against the units" "$(cat "$TEST_DIR/err")" ""
else
	ok "systemd's opinion of the units # SKIP systemd-analyze is not installed" true
fi
done_testing
