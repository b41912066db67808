#!/usr/bin/env bash
# Goal of this test: full disks, a bucket that is read-only or goes away, servers that go away, torn journals, signals:
# each with its own message and exit status, and the next start goes on and ends well.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../rgw.sh"
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
exits 4 "a damaged line in the middle of the export's journal: push" push_shop
has "the journal is named" "$TEST_DIR/err" "/export.jsonl': is damaged: the line at byte "
has "with what may be the cause, and what to do" "$TEST_DIR/err" "hint: the disk may be failing, or the power failed; gpm-export --new-run"
hasnt "nothing was sealed" "$TEST_DIR/err" "sealed"
damaged=$(echo "$spool"/2*)
exits 0 "the export starts anew by itself" export_shop
has "it says why" "$TEST_DIR/err" "run $(basename "$damaged") cannot go on: '$damaged/export.jsonl': is damaged"
exits 4 "push tells of the damaged run again" push_shop
has "and stores the other" "$TEST_DIR/err" "is sealed"
rm -rf "$damaged"
exits 0 "without it all is well" push_shop
whole "a damaged export journal"
again
ok "export" export_shop -q
ok "push" push_shop -q --keep
rm "$(run_dir)manifest.jsonl"
sed -i '9s/"rec"/"Rec"/; $d' "$spool"/*/push.jsonl
exits 4 "a damaged line in the middle of the push's journal" push_shop
has "the journal is named" "$TEST_DIR/err" "/push.jsonl': is damaged: the line at byte "
exits 1 "nothing is sealed" load_shop
rm "$spool"/*/push.jsonl
exits 0 "while the spool holds all rows, they can be pushed without it" push_shop
exits 0 "every byte is there" verify_shop --full

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

# --- signals and a source that goes away, while rows come

# The rows of an extension's table are read by a condition, and this one waits for a lock: a gate in the middle
# of the export, before the largest table.
shut_gate() {
	q src shop "create extension citext; create table gate (a int, t text);
		insert into gate select i, repeat('x', 100) from generate_series(1, 50000) i;
		alter extension citext add table gate; set allow_system_table_mods = on; update pg_extension
		set extconfig = array['gate'::regclass::oid], extcondition = array['WHERE pg_advisory_lock_shared(7) IS NOT NULL']
		where extname = 'citext'"
	q src shop "select pg_advisory_lock(7), pg_sleep(3600)" >/dev/null 2>&1 &
	until_locked src shop "granted and mode = 'ExclusiveLock'"
}

# until_locked CLUSTER DATABASE CONDITION: on pg_locks
until_locked() {
	local i

	for ((i = 0; i < 600; i++)); do
		[ "$(q "$1" "$2" "select count(*) > 0 from pg_locks where locktype in ('advisory', 'relation') and $3")" = t ] && return
		sleep 0.1
	done
	return 1
}

# start_export: in the background, up to the gate; sets $worker
start_export() {
	# bash starts what is in the background with SIGINT ignored
	env --default-signal=INT gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d shop --spool "$spool" --chunk-size 64KB \
		>"$TEST_DIR/out" 2>"$TEST_DIR/err" &
	worker=$!
	ok "an export is in the middle" until_locked src shop "not granted and locktype = 'advisory'"
}

# first between two statements: pg_dump has said nothing or cannot connect
mkdir "$TEST_DIR/bin"
for program in pg_dump pg_dumpall; do
	cat >"$TEST_DIR/bin/$program" <<-END
		#!/bin/sh
		case "\$*" in *--version* | *--help*) exec $pg_bin/$program "\$@" ;; esac
		touch "$TEST_DIR/waiting"
		while [ -e "$TEST_DIR/gate" ]; do sleep 0.05; done
		[ -e "$TEST_DIR/silent" ] || exec $pg_bin/$program "\$@"
	END
	chmod +x "$TEST_DIR/bin/$program"
done
for how in silent loud; do
	again
	touch "$TEST_DIR/gate" "$TEST_DIR/$how"
	export_shop -q --client-bin "$TEST_DIR/bin" 2>"$TEST_DIR/err" &
	worker=$!
	while [ ! -e "$TEST_DIR/waiting" ] && kill -0 "$worker" 2>/dev/null; do sleep 0.05; done
	pg_stop_hard src
	rm "$TEST_DIR/gate"
	wait "$worker"
	is "the source goes away while a $how pg_dump runs: exit status" $? 5
	rm "$TEST_DIR/waiting" "$TEST_DIR/$how"
	pg_start src
done
again
shut_gate
for signal in TERM INT; do
	start_export
	kill "-$signal" "$worker"
	wait "$worker"
	status=$?
	[ "$signal" = TERM ] && want=143 || want=130
	is "SIG$signal: exit status" "$status" "$want"
	has "SIG$signal: said" "$TEST_DIR/err" "stopped by signal"
	is "SIG$signal: nobody waits at the server" "$(q src shop "select count(*) from pg_locks where not granted")" 0
done
start_export
pg_stop_hard src
wait "$worker"
is "the source goes away: exit status" $? 5
ok "it is said" grep -qE "error: .*(terminat|connection|shutting down|closed)" "$TEST_DIR/err"
exits 5 "it stays away" export_shop
wait
pg_start src
q src shop "drop extension citext cascade"
exits 0 "it is back: the export goes on" export_shop
has "with the same run" "$TEST_DIR/err" "goes on"

# --- a destination that goes away while rows go in

ok "push" push_shop -q
fresh_warehouse
ok "the schema" load_shop -q --schema-only
q dst warehouse "begin; lock table sales.odd; select pg_sleep(3600)" >/dev/null 2>&1 &
ok "somebody holds a table" until_locked dst warehouse "mode = 'AccessExclusiveLock'"
load_shop -q 2>"$TEST_DIR/err" &
worker=$!
ok "the load waits for it" until_locked dst warehouse "not granted"
pg_stop_hard dst
wait "$worker"
is "the destination goes away: exit status" $? 5
ok "it is said" grep -qE "error: .*(terminat|connection|shutting down|closed)" "$TEST_DIR/err"
wait
pg_start dst
exits 0 "it is back: the load goes on" load_shop --verify content
same_shop "the same rows"

# --- a bucket that goes away half-way, and its objects

# half_a_run: what the export had journalled at its twentieth chunk; whole_run: all of it
half_a_run() {
	awk '/"rec":"chunk"/ && ++n > 20 { exit } { print }' "$spool"/2*/export.jsonl >"$TEST_DIR/half"
	cp "$spool"/2*/export.jsonl "$TEST_DIR/whole"
	cp "$TEST_DIR/half" "$spool"/2*/export.jsonl
}
whole_run() { cp "$TEST_DIR/whole" "$spool"/2*/export.jsonl; }

again
ok "export" export_shop -q
cp -a "$spool" "$TEST_DIR/copy"
half_a_run
exits 5 "half of a run is stored" push_shop -q
whole_run
mv "$bucket" "$TEST_DIR/gone"
exits 1 "the bucket goes away" push_shop
has "it is named" "$TEST_DIR/err" "there is no folder '$bucket'"
mv "$TEST_DIR/gone" "$bucket"
exits 0 "it is back" push_shop
exits 0 "every byte is there" verify_shop --full
again
cp -a "$TEST_DIR/copy" "$spool"
half_a_run
exits 5 "half of a run is stored" push_shop -q
whole_run
rm -rf "${bucket:?}"/*
exits 4 "its objects go away" push_shop
has "what is missing is named" "$TEST_DIR/err" "was stored and is not there any more"
has "with what to do" "$TEST_DIR/err" "hint: somebody removed it; gpm-export --new-run"
exits 1 "nothing is sealed" load_shop
again

# --- full and read-only disks

if [ "$(id -u)" = 0 ] && mkdir "$TEST_DIR/small" && mount -t tmpfs -o size=1m none "$TEST_DIR/small" 2>/dev/null; then
	free_small() { umount -l "$TEST_DIR/small"; }
	at_end free_small
	spool=$TEST_DIR/small/spool
	exits 7 "the spool's disk is full" export_shop --wait 0s
	has "it is said" "$TEST_DIR/err" "are free on its disk"
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
	mv "$bucket" "$TEST_DIR/small.bucket" 2>/dev/null
	mkdir -p "$TEST_DIR/small.bucket"
	cp -a "$bucket"/2* "$TEST_DIR/small.bucket/"
	rm -rf "${bucket:?}"/2*
	bucket=$TEST_DIR/small.bucket
	mount -o remount,size=8k "$TEST_DIR/small"
	TMPDIR=$TEST_DIR/small exits 1 "the disk of the import's temporary files is full: verify" verify_shop
	has "it is said" "$TEST_DIR/err" "No space left on device"
	fresh_warehouse
	TMPDIR=$TEST_DIR/small exits 1 "and load" load_shop
	has "it is said" "$TEST_DIR/err" "No space left on device"
	exits 0 "with space it loads" load_shop -q
	same_shop "the same rows"
else
	ok "full and read-only disks # SKIP only root can mount a small disk" true
fi

# --- an S3 bucket that is dropped half-way

if command -v radosgw >/dev/null; then
	rgw_up
	s3_env
	rm -rf "$spool"
	spool=$TEST_DIR/copy
	half_a_run
	exits 5 "S3: half of a run is stored" gpm-push -q --spool "$spool" --to s3://test/x
	whole_run
	ok "S3: the bucket is dropped" radosgw-admin -c "$rgw_dir/ceph.conf" bucket rm --bucket=test --purge-objects
	exits 1 "S3: without a bucket" gpm-push -q --spool "$spool" --to s3://test/x
	has "S3: it is said" "$TEST_DIR/err" "HTTP 404 NoSuchBucket"
	has "S3: with what to do" "$TEST_DIR/err" "hint: make the bucket"
	is "S3: a new bucket" "$(s3 PUT /test)" 200
	exits 4 "S3: what was in the old one is missed" gpm-push -q --spool "$spool" --to s3://test/x
	has "S3: and named" "$TEST_DIR/err" "was stored and is not there any more"
	exits 1 "S3: nothing is sealed" gpm-import verify --from s3://test/x
else
	ok "an S3 bucket that is dropped half-way # SKIP radosgw is not installed" true
fi
done_testing
