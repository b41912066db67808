#!/usr/bin/env bash
# Goal of this test: --limit-rate holds for a folder and for an S3 server, for all workers together, and follows gpm.conf
# while the push runs.  (That it is not slower than it has to be was measured, and is no test: machines are.)
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/../fake_s3.sh"

pg_up src
fill_shop src 8000
ok "export" export_shop -q
cp -a "$spool" "$TEST_DIR/whole"
bytes=$(cat "$spool"/*/data/*/*/*/*.csv | wc -c)
again() {
	rm -rf "$spool" "${bucket:?}"/*
	cp -a "$TEST_DIR/whole" "$spool"
}
now_ms() { echo $(($(date +%s%N) / 1000000)); }

# at_least NAME COMMAND…: it succeeds, and takes as long as $bytes do at 300 KB/s, but for a quarter of a second and
# a piece that may go at once
at_least() {
	local name=$1 began took want=$(((bytes - 75 * 1024 - 10 * 1024) * 1000 / (300 * 1024)))

	shift
	began=$(now_ms)
	exits 0 "$name" "$@"
	took=$(($(now_ms) - began))
	ok "$name: $took ms, at least $want" test "$took" -ge "$want"
}

again
at_least "a folder" push_shop --compress none --limit-rate 300KB/s -j 4

export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=y
fake
again
at_least "an S3 server, by a timetable" gpm-push --spool "$spool" --to s3://test/x \
	--compress none --limit-rate "00:00,300KB/s 12:00,300kb/s 23:59,300KB" -j 4
fake_end

# --- a line that stands still

again
fake ok ok ok ok slow:600
exits 0 "--slow-rate: a transfer that stands still is given up and tried again" gpm-push -v --spool "$spool" --to s3://test/y \
	-j 1 --slow-rate 1KB --slow-time 2s
first=$(grep -m 1 '^PUT .*/data/' "$TEST_DIR/fake.log" | cut -d ' ' -f 2)
is "it was sent twice" "$(grep -c "^PUT $first " "$TEST_DIR/fake.log")" 2
has "it is noted" "$TEST_DIR/err" "Operation too slow"
fake_end
again
fake 503:3600 503:3600 503:3600
exits 5 "a server that wants to be left alone for longer than we have" gpm-push --spool "$spool" --to s3://test/y --retry-time 5s
is "is asked once" "$(wc -l <"$TEST_DIR/fake.log")" 1
fake_end
again
fake 503date:2 ok
exits 0 "one that names a time" gpm-push -v --spool "$spool" --to s3://test/y
has "is asked again" "$TEST_DIR/err" "503 (request fake-1); trying again"
fake_end

# --- a rate that changes

# it would take hours; a gpm.conf that makes no sense changes nothing, one that does ends it
again
conf=$TEST_DIR/gpm.conf
printf 'spool = "%s"\nto = "file://%s"\nlimit_rate = "400/s"\n' "$spool" "$bucket" >"$conf"
gpm-push -c "$conf" --compress none 2>"$TEST_DIR/err" &
worker=$!
until [ -n "$(find "$bucket" -name '.gpm-*' -size +0)" ]; do sleep 0.05; done
change() {
	sed "s|^limit_rate.*|limit_rate = \"$1\"|" "$conf" >"$conf.new"
	mv "$conf.new" "$conf"
	until grep -qF "$2" "$TEST_DIR/err"; do sleep 0.05; done
}
change "soon" "stays as it is"
has "a rate that is none is told" "$TEST_DIR/err" "'soon'"
change "800/s" "the rate is limited to 800 B/s now"
ok "the push goes on" kill -0 "$worker"
change "off" "the rate is not limited any more"
wait "$worker"
is "and ends soon" $? 0
ok "it was not told twice" test "$(grep -c 'stays as it is' "$TEST_DIR/err")" = 1
exits 2 "a rate that is none, at the start" push_shop --limit-rate fast
has "is told" "$TEST_DIR/err" "error: --limit-rate: "
has "with what is one" "$TEST_DIR/err" "hint: write 20MB/s"
done_testing
