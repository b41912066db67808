#!/usr/bin/env bash
# Goal of this test: a spool of a few hundred kilobytes carries megabytes: gpm-export waits when it is full,
# gpm-push --follow frees what is stored, started in any order, killed or not; and who waits in vain says so.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

limit_kb=512

# The most that rows took in the spool while the background job ran, in kB.
watch_spool() { # PID
	local most=0 now

	while kill -0 "$1" 2>/dev/null; do
		now=$(find "$spool" -path '*/data/*' -type f -printf '%s\n' 2>/dev/null | awk '{ n += $1 } END { print int(n / 1024) }')
		[ "$now" -gt "$most" ] && most=$now
	done
	echo "$most"
}

# Both tools at once; FIRST is started first.  Checks everything.
both() { # WHAT FIRST
	local export_pid push_pid most

	rm -rf "$spool" "${bucket:?}"/*
	[ "$2" = push ] && { push_shop --follow --wait 60s >"$TEST_DIR/push.log" 2>&1 & push_pid=$!; sleep 0.5; }
	export_shop -j 3 --spool-limit "${limit_kb}kB" --wait 60s >"$TEST_DIR/export.log" 2>&1 &
	export_pid=$!
	[ "$2" = push ] || { sleep 0.5; push_shop --follow --wait 60s >"$TEST_DIR/push.log" 2>&1 & push_pid=$!; }
	most=$(watch_spool "$export_pid")
	wait "$export_pid"
	is "$1: gpm-export" $? 0
	wait "$push_pid"
	is "$1: gpm-push" $? 0
	ok "$1: the spool held rows, but never more than $limit_kb kB: $most" test "$most" -gt 0 -a "$most" -le "$limit_kb"
	has "$1: the run is sealed" "$TEST_DIR/push.log" "is sealed: 8 tables"
	fresh_warehouse
	exits 0 "$1: load" load_shop --verify content
	same_shop "$1: the rows are the same"
}

pg_up src
pg_up dst
fill_shop src 60000

exits 2 "a limit that is too small for the workers" export_shop -j 9 --spool-limit 512kB
has "says the numbers" "$TEST_DIR/err" "--spool-limit 512.0 KB is too little for 9 workers with a chunk of 64.0 KB each: at least 576.0 KB"

# alone, it waits in vain
exits 7 "a full spool and nobody who empties it" export_shop --spool-limit 512kB --wait 6s
has "says that it waits" "$TEST_DIR/err" "warning: the spool is full: "
has "says why it ends" "$TEST_DIR/err" "error: sales.lines: the spool is full: "
has "says what to do" "$TEST_DIR/err" "run gpm-push"
is "the spool holds no more than it may" "$(find "$spool" -name '*.csv' -printf '%s\n' | awk '{ n += $1 } END { print n <= 512 * 1024 }')" 1
exits 5 "gpm-push stores what there is" push_shop
has "and knows that it is not all" "$TEST_DIR/err" "is not complete"
is "the spool is empty" "$(find "$spool" -name '*.csv*' | wc -l)" 0
exits 0 "the export goes on, with room" export_shop
has "with the same run" "$TEST_DIR/err" "goes on"
exits 0 "it is pushed" push_shop
fresh_warehouse
exits 0 "it is loaded" load_shop --verify content
same_shop "after a spool that was full"

both "gpm-export first" export
both "gpm-push first" push

# a follower waits for the export to be started again after its death
rm -rf "$spool" "${bucket:?}"/*
push_shop --follow --wait 60s >"$TEST_DIR/push.log" 2>&1 &
follower=$!
for attempt in 1 2 3; do
	# not in a subshell: the tool itself is to be killed
	gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d shop --spool "$spool" --chunk-size 64KB -j 2 \
		--spool-limit 512kB --wait 60s >/dev/null 2>&1 &
	victim=$!
	while kill -0 "$victim" 2>/dev/null && ! grep -qs "\"attempt\":$attempt,.*\"rec\":\"chunk\"\|\"rec\":\"chunk\".*\"attempt\":$attempt," "$spool"/*/export.jsonl; do
		sleep 0.01
	done
	kill -9 "$victim" 2>/dev/null
	wait "$victim" 2>/dev/null
	is "death $attempt comes in the middle" "$(grep -c '"rec":"end"' "$spool"/*/export.jsonl)" 0
done
exits 0 "the export is started once more" export_shop -j 2 --spool-limit 512kB --wait 60s
wait "$follower"
is "the follower ends with it" $? 0
is "one run is in the bucket" "$(find "$bucket" -mindepth 1 -maxdepth 1 | wc -l)" 1
exits 0 "nothing is there twice, no stranger" verify_shop --full
fresh_warehouse
exits 0 "the run is loaded" load_shop --verify content
same_shop "after three deaths of the export"

# a follower takes the next run, not one that is sealed, and gives up in the end
push_shop --follow --wait 60s >"$TEST_DIR/push.log" 2>&1 &
follower=$!
sleep 0.5
exits 0 "another run" export_shop
wait "$follower"
is "the follower takes it" $? 0
is "two runs are in the bucket" "$(find "$bucket" -mindepth 1 -maxdepth 1 | wc -l)" 2
exits 5 "no run comes" push_shop --follow --wait 1s
has "it is said" "$TEST_DIR/err" "waited 1 s for a run in the spool"
exits 7 "an export that stays unfinished" export_shop --new-run --spool-limit 512kB --wait 0s
exits 5 "a follower that waits for it in vain" push_shop --follow --wait 1s
has "it is said" "$TEST_DIR/err" "waited 1 s for gpm-export of run"
push_shop --follow --wait 60s >"$TEST_DIR/push.log" 2>&1 &
follower=$!
sleep 0.5
kill -TERM "$follower"
wait "$follower"
is "a follower can be stopped" $? 143
done_testing
