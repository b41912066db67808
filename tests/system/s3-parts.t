#!/usr/bin/env bash
# Goal of this test: a run whose rows two hosts bring into a real S3 bucket, at the same time and killed on their way, is
# joined there by a third, which shares nothing with them but the bucket.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../rgw.sh"
. "$(dirname "$0")/fixture.sh"

rgw_up
s3_env
export HOME=$TEST_DIR
pg_up src
pg_up dst
fill_shop src
url=s3://test/warehouse
left=$TEST_DIR/left
mkdir "$left"

# the tool by itself: what is killed must not be a shell around it
push_at() { # HOST [OPTION…]
	local host=$1

	shift
	mkdir -p "$TEST_DIR/$host"
	exec gpm-push --spool "$TEST_DIR/$host" --to "$url" "$@"
}
host_part() { push_at "$1" --host-part "$1" --segment-dir "$left" -v; }

ok "export" export_shop -q --spool "$TEST_DIR/copied"
id=$(basename "$TEST_DIR/copied"/2*)
ok "its rows are left on two hosts" "$build_dir/tests/unit/pieces-probe" "$TEST_DIR/copied/$id" "$spool/$id" "$left" on-segment 0 a=0,2 b=1
cp -r "$TEST_DIR/copied/$id/schema" "$spool/$id"
exits 0 "the export's host" gpm-push --spool "$spool" --to "$url"
for delay in 05 15 30; do
	for host in a b; do
		host_part "$host" >"$TEST_DIR/$host.out" 2>&1 &
		eval "$host=\$!"
	done
	sleep "0.$delay"
	kill -KILL "$a" "$b" 2>/dev/null
	wait "$a" "$b" 2>/dev/null
done
for host in a b; do
	host_part "$host" >"$TEST_DIR/$host.out" 2>&1 &
	eval "$host=\$!"
done
wait "$a"
is "a host goes on" $? 0
wait "$b"
is "the other at the same time" $? 0
is "no file is left" "$(find "$left" -type f)" ""
ok "a seal that is killed" sh -c 'timeout -s KILL 0.3 gpm-push --seal --spool "$0" --to "$1"; true' "$TEST_DIR/third" "$url"
exits 0 "seal" gpm-push --seal --spool "$TEST_DIR/third" --to "$url"
is "no part is left" "$(s3 GET "/test?prefix=warehouse/$id/parts" >/dev/null && grep -c '<Key>' "$TEST_DIR/s3.out")" 0
exits 0 "verify every byte, and no strangers" gpm-import verify --from "$url" --full
exits 0 "load by content" gpm-import load --from "$url" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d postgres --verify content
has "verified" "$TEST_DIR/out" "is verified by content: 8 tables"
done_testing
