#!/usr/bin/env bash
# Goal of this test: each tool killed by SIGKILL at random moments, and started again, ends as if nothing had
# happened: nothing twice, nothing lost, nothing left behind.
# GPM_TEST_KILLS is the number of kills a tool (10), GPM_TEST_MB the size of the rows (8); with GPM_TEST_STORE=s3
# gpm-push stores in a real S3 server and the import is left out.
kills=${GPM_TEST_KILLS:-10}
megabytes=${GPM_TEST_MB:-8}
store=${GPM_TEST_STORE:-file}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../rgw.sh"
. "$(dirname "$0")/fixture.sh"

if [ "$store" = s3 ]; then
	rgw_up
	s3_env
fi
pg_up src
pg_up dst
export TMPDIR=$TEST_DIR/tmp
mkdir "$TMPDIR"
url=file://$bucket
kept=$TEST_DIR/kept # the spool of an export that nobody killed
chunk=$((megabytes * 8))

fill_shop src $((megabytes * 7500))
for part in 1 2 3; do
	q src shop "create table sales.copy_$part as select * from sales.lines where id % 3 = $part - 1"
done
eval "small_$(declare -f shop_tables)"
shop_tables() { small_shop_tables; printf 'sales.copy_%s\n' 1 2 3; }

# The tools by themselves: what is killed must not be a shell around them.
run_export() {
	exec gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d shop --spool "$spool" --chunk-size "${chunk}KB" \
		--batch-size "$((chunk * 8))KB"
}
run_push() { exec gpm-push --spool "$spool" --to "$url"; }
run_load() { exec gpm-import load -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse --from "$url"; }

# to_its_end TOOL
to_its_end() { ("run_$1"); }

# A new place for a run; the last one goes.
new_place() {
	if [ "$store" = s3 ]; then
		radosgw-admin -c "$rgw_dir/ceph.conf" bucket rm --bucket=test --purge-objects >"$TEST_DIR/purge.log" 2>&1
		is "a new bucket" "$(s3 PUT /test)" 200
		place=$((${place:-0} + 1)) # what a dead push has sent may arrive late
		url=s3://test/$place
	else
		rm -rf "${bucket:?}"/*
	fi
}

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# is_done TOOL: an export that was killed behind its last line is not gone on with, the next start is another run.
is_done() { [ "$1" = export ] && grep -qs '"rec":"end"' "$spool"/2*/export.jsonl; }

# kill_at_random TOOL: killed $kills times within most of the time that it needs by itself; whenever it comes to its
# end, check_TOOL looks at what it did and again_TOOL makes it all undone.  At last it runs to its end.
kill_at_random() {
	local tool=$1 i=0 ends=1 start took delay

	"again_$tool"
	start=$(now_ms)
	exits 0 "$tool: it ends well when nobody kills it" to_its_end "$tool"
	took=$(($(now_ms) - start))
	"check_$tool" "$tool"
	"again_$tool"
	start=$(now_ms)
	while [ "$i" -lt "$kills" ]; do
		"run_$tool" >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
		delay=$((RANDOM * took / 40000))
		sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
		kill -KILL "$!" 2>/dev/null
		wait "$!" 2>/dev/null
		case $? in
		137)
			i=$((i + 1))
			is_done "$tool" || continue
			"check_$tool" "$tool, killed $i times, at last when all was done"
			;;
		0) "check_$tool" "$tool, killed $i times" ;;
		*) ok "$tool, killed $i times: ends well: $(cat "$TEST_DIR/err")" false ;;
		esac
		ends=$((ends + 1))
		"again_$tool"
	done
	exits 0 "$tool, killed $i times: it ends well" to_its_end "$tool"
	"check_$tool" "$tool, killed $i times"
	echo "# $tool: needs $took ms; $i times killed and $ends times at its end, with checks, in $(($(now_ms) - start)) ms"
}

# left_behind CLUSTER DATABASE: sessions and locks, when they are still there after a while.
left_behind() {
	local i left

	for ((i = 0; i < 300; i++)); do
		left=$(q "$1" "$2" "select application_name, mode, relation::regclass, locktype from pg_stat_activity a left join pg_locks l using (pid)
			where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()")
		[ -n "$left" ] || return
		sleep 0.1
	done
	echo "$left"
}

# nothing_left NAME: no temporary file, no lock of a file
nothing_left() {
	local lock

	is "$1: no half-written file" "$(find "$spool" "$bucket" "$TMPDIR" -name '*.part' -o -name '.gpm-*' -o -path "$TMPDIR/*")" ""
	for lock in "$spool"/*.lock "$spool"/2*/*.lock; do
		[ ! -e "$lock" ] || flock -n "$lock" true || ok "$1: $lock is free" false
	done
}

# digests: of the run's tables, from the root manifest
digests() {
	if [ "$store" = s3 ]; then
		s3 GET "/${url#s3://}/$(basename "$spool"/2*)/manifest.jsonl" >/dev/null
	else
		cp "$bucket"/2*/manifest.jsonl "$TEST_DIR/s3.out"
	fi
	jq -r 'select(.rec == "manifest") | "\(.schema).\(.name) \(.rows) \(.digest)"' "$TEST_DIR/s3.out" | sort
}

# --- export

again_export() { rm -rf "$spool"; }
check_export() {
	nothing_left "$1"
	is "$1: one run in the spool" "$(find "$spool" -mindepth 1 -maxdepth 1 -name '2*' | wc -l)" 1
	rm -rf "$kept"
	cp -al "$spool" "$kept"
	new_place
	exits 0 "$1: push" to_its_end push
	check_push "$1"
}

# --- push

again_push() {
	rm -rf "$spool"
	cp -al "$kept" "$spool" # gpm-push removes files and changes none, but for its own journal
	new_place
}
check_push() {
	nothing_left "$1"
	is "$1: the spool holds no rows any more" "$(find "$spool" -name '*.csv*' -o -name '*.sql*')" ""
	exits 0 "$1: every byte, no stranger" gpm-import verify --full --from "$url"
	is "$1: the same rows" "$(digests)" "$reference"
	if [ "$store" = file ]; then
		is "$1: every file is in SHA256SUMS, but this and the root manifest" \
			"$(cd "$bucket"/2* && find . -type f | sed 's|^\./||' | sort)" \
			"$(cd "$bucket"/2* && { sed 's/^[0-9a-f]*  //' SHA256SUMS; echo SHA256SUMS; echo manifest.jsonl; } | sort)"
		ok "$1: sha256sum" sh -c "cd '$bucket'/2* && sha256sum --quiet --strict -c SHA256SUMS"
	fi
}

# --- load

again_load() { fresh_warehouse; }
check_load() {
	local chunks

	chunks=$(find "$bucket"/2*/data -type f | wc -l)
	nothing_left "$1"
	has "$1: verified" "$TEST_DIR/out" "is verified"
	is "$1: no session, no lock at the destination" "$(left_behind dst warehouse)" ""
	same_shop "$1: the same rows"
	is "$1: every chunk once in the ledger" \
		"$(q dst warehouse "select count(*), count(distinct object_key), sum(rows) from gpm.ledger")" \
		"$chunks|$chunks|$(awk '{ n += $(NF - 1) } END { print n }' <<<"$reference")"
	is "$1: indexes" "$(q dst warehouse "select count(*) from pg_index i join pg_class c on c.oid = indrelid
		where relnamespace = 'sales'::regnamespace and indisvalid")" \
		"$(q src shop "select count(*) from pg_index i join pg_class c on c.oid = indrelid where relnamespace = 'sales'::regnamespace")"
}

new_place
ok "export" to_its_end export
ok "push" to_its_end push
reference=$(digests)
is "the digests of all tables are known" "$(grep -cE ' [0-9]+ [0-9a-f]{32}$' <<<"$reference")" "$(shop_tables | wc -l)"
kill_at_random export
is "export: no session, no lock at the source" "$(left_behind src shop)" ""
kill_at_random push
if [ "$store" = file ]; then
	kill_at_random load
fi
done_testing
