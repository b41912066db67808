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

# --- what a dead process left running at the servers

orphan() { # CLUSTER DATABASE NAME: a session of that application_name, in the background
	PGAPPNAME=$3 "$pg_bin/psql" -XAtq -h "$(pg_host "$1")" -p "$(pg_port "$1")" -U postgres -d "$2" \
		-c "select pg_sleep(60)" >/dev/null 2>&1 &
	while [ "$(q "$1" "$2" "select count(*) from pg_stat_activity where application_name = '$3'")" = 0 ]; do sleep 0.05; done
}

again
ok "export" export_shop -q
sed -i '$d' "$spool"/*/export.jsonl
run=$(basename "$spool"/2*)
orphan src shop "gpm-export $run worker"
exits 0 "the export goes on" export_shop
has "and ends the session of the dead one" "$TEST_DIR/err" "which a dead process left behind"
ok "push" push_shop -q
fresh_warehouse
orphan dst warehouse "gpm-import $run worker"
orphan dst warehouse "gpm-import-check $run"
exits 0 "the load" load_shop
is "ends such a session too, but not one that checks" \
	"$(grep -c "which a dead process left behind" "$TEST_DIR/err")|$(q dst warehouse "select count(*) from pg_stat_activity
		where application_name = 'gpm-import-check $run'")" "1|1"
q dst warehouse "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gpm-import-check $run'" >/dev/null
wait

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
