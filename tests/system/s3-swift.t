#!/usr/bin/env bash
# Goal of this test: the whole way through a second S3 server, Swift's s3api, by Signature V4 and V2: what store.h promises,
# killed pushes, a load compared by content, and what Swift has not is told.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../swift.sh"
. "$(dirname "$0")/fixture.sh"

probe=$build_dir/tests/unit/store-probe
export HOME=$TEST_DIR
swift_up
printf '0123456789' >"$TEST_DIR/ten"
AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b GPM_S3_SIGNATURE=v2 "$probe" s3://bucket head a >/dev/null 2>"$TEST_DIR/err"
signatures=(v4)
grep -q 'without libs3\|signs Signature V4 only' "$TEST_DIR/err" || signatures+=(v2)

for signature in "${signatures[@]}"; do
	exits 0 "$signature: what store.h promises holds" env GPM_S3_SIGNATURE="$signature" GPM_TEST_S3_URL=s3://test/contract GPM_TEST_S3_PLAIN=yes \
		"$build_dir/tests/unit/store_s3.t"
	hasnt "$signature: every check of it" "$TEST_DIR/out" "not ok"
	has "$signature: it ran" "$TEST_DIR/out" "ok 100 "
done
exits 1 "a wrong secret" env AWS_SECRET_ACCESS_KEY=not-the-secret "$probe" s3://test/x put a "$TEST_DIR/ten"
has "is named" "$TEST_DIR/err" SignatureDoesNotMatch
exits 1 "no such bucket" "$probe" s3://nothing list ''
has "is named" "$TEST_DIR/err" NoSuchBucket
exits 0 "preflight" gpm-push preflight --to s3://test/odd
hasnt "no conditional puts" "$TEST_DIR/out" "ok       an object can be created only where none is"

pg_up src
pg_up dst
fill_shop src
ok "export" export_shop -q
cp -a "$spool" "$TEST_DIR/spool.copy"
for signature in "${signatures[@]}"; do
	url=s3://test/warehouse-$signature
	export GPM_S3_SIGNATURE=$signature
	rm -rf "$spool"
	cp -a "$TEST_DIR/spool.copy" "$spool"
	for delay in 10 20 40; do
		gpm-push --spool "$spool" --to "$url" >/dev/null 2>&1 &
		pid=$!
		sleep "0.$delay"
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	exits 0 "$signature: push after three deaths" gpm-push --spool "$spool" --to "$url"
	exits 0 "$signature: every byte, no stranger" gpm-import verify --full --from "$url"
	fresh_warehouse
	exits 0 "$signature: load" gpm-import load -q -j 4 --verify content --from "$url" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse
	same_shop "$signature: the same rows"
	exits 0 "$signature: remove" gpm-push remove --to "$url" --run "$(gpm-push list --to "$url" | sed -n '2s/ .*//p')"
	is "$signature: nothing is left" "$("$probe" "$url" list '' -r)" ""
done
done_testing
