#!/usr/bin/env bash
# Goal of this test: full disks, a bucket that is read-only, torn journals, signals: each with its own message
# and exit status, and the next start goes on and ends well.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

pg_up src
pg_up dst
fill_shop src 40000

whole() { # NAME: what is in the bucket is whole and loads
	exits 0 "$1: verify" verify_shop --full
	fresh_warehouse
	exits 0 "$1: load" load_shop -q --verify content
	same_shop "$1: the same rows"
}

again() {
	rm -rf "$spool" "${bucket:?}"/*
}

# --- torn journals, as after a power cut

ok "export" export_shop -q
sed -i '$d' "$spool"/*/export.jsonl
truncate -s -9 "$spool"/*/export.jsonl
exits 0 "the last line of the export's journal torn: it goes on" export_shop
has "with the same run" "$TEST_DIR/err" "goes on"
push_shop -q --keep
sed -i '$d' "$spool"/*/push.jsonl
truncate -s -9 "$spool"/*/push.jsonl
rm "$(run_dir)manifest.jsonl"
exits 0 "the last line of the push's journal torn: it goes on" push_shop
whole "torn journals"
again
ok "export" export_shop -q
sed -i '5s/"rec"/"Rec"/' "$spool"/*/export.jsonl
exits 4 "a damaged line in the middle of a journal" push_shop
has "the journal is named" "$TEST_DIR/err" "is damaged"
hasnt "nothing was sealed" "$TEST_DIR/err" "sealed"

# --- signals

again
for signal in TERM INT; do
	# bash starts what is in the background with SIGINT ignored
	env --default-signal=INT gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d shop --spool "$spool" --chunk-size 4KB \
		>"$TEST_DIR/out" 2>"$TEST_DIR/err" &
	pid=$!
	while ! find "$spool" -name '000010.csv' 2>/dev/null | grep -q . && kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
	kill "-$signal" "$pid"
	wait "$pid"
	status=$?
	[ "$signal" = TERM ] && want=143 || want=130
	is "SIG$signal: exit status" "$status" "$want"
	has "SIG$signal: said" "$TEST_DIR/err" "stopped by signal"
	rm -rf "$spool"
done

# --- full and read-only disks

if [ "$(id -u)" = 0 ] && mkdir "$TEST_DIR/small" && mount -t tmpfs -o size=1m none "$TEST_DIR/small" 2>/dev/null; then
	trap 'umount -l "$TEST_DIR/small"; at_exit' EXIT
	spool=$TEST_DIR/small/spool
	exits 1 "the spool's disk is full" export_shop
	has "it is said" "$TEST_DIR/err" "No space left on device"
	has "with what to do" "$TEST_DIR/err" "hint: "
	mount -o remount,size=100m "$TEST_DIR/small"
	exits 0 "with space it goes on" export_shop
	has "with the same run" "$TEST_DIR/err" "goes on"
	ok "push" push_shop -q
	whole "after a full spool"

	spool=$TEST_DIR/spool
	again
	ok "export" export_shop -q
	rm -rf "$TEST_DIR"/small/*
	bucket=$TEST_DIR/small
	mount -o remount,size=600k "$TEST_DIR/small"
	exits 1 "the bucket's disk is full" push_shop
	has "it is said" "$TEST_DIR/err" "No space left on device"
	exits 1 "nothing is sealed" load_shop
	mount -o remount,size=100m "$TEST_DIR/small"
	mount -o remount,ro "$TEST_DIR/small"
	exits 1 "the bucket is read-only" push_shop
	has "it is said" "$TEST_DIR/err" "Read-only file system"
	mount -o remount,rw "$TEST_DIR/small"
	exits 0 "writable again" push_shop
	is "no temporary file" "$(find "$bucket" -name '.gpm-*')" ""
	whole "after a full and a read-only bucket"
else
	ok "full and read-only disks # SKIP only root can mount a small disk" true
fi

done_testing
