#!/usr/bin/env bash
# Goal of this test: the whole way through a real S3 server: killed tools, a server that goes away
# half-way, wrong credentials, and other programs that read what is stored.
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

push_s3() { gpm-push --spool "$spool" --to "$url" "$@"; }
import_s3() {
	local command=$1
	shift
	gpm-import "$command" --from "$url" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse "$@"
}

ok "export" export_shop -q
cp -a "$spool" "$TEST_DIR/spool.copy"

# credentials
exits 1 "a wrong secret" env AWS_SECRET_ACCESS_KEY=not-the-secret-at-all gpm-push --spool "$spool" --to "$url" -v
has "is said" "$TEST_DIR/err" "403"
hasnt "and not printed" "$TEST_DIR/err" "not-the-secret-at-all"
exits 1 "no credentials" env -u AWS_SECRET_ACCESS_KEY -u AWS_ACCESS_KEY_ID gpm-push --spool "$spool" --to "$url"
has "it says where they are looked for" "$TEST_DIR/err" "AWS_ACCESS_KEY_ID"
exits 1 "no such bucket" gpm-push --spool "$spool" --to s3://nowhere/x
has "it is named" "$TEST_DIR/err" "NoSuchBucket"
rm -rf "$spool"
cp -a "$TEST_DIR/spool.copy" "$spool"

# killed, and a server that goes away
for delay in 05 10 15 20 30; do
	gpm-push --spool "$spool" --to "$url" >/dev/null 2>&1 &
	pid=$!
	sleep "0.$delay"
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
done
rgw_kill
(sleep 2; rgw_start) >/dev/null 2>&1 &
conf=$TEST_DIR/gpm.conf
(umask 077; printf '%s\n' "access_key_id = '$rgw_access'" "secret_access_key = '$rgw_secret'" >"$conf")
keyless=(env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY)
exits 0 "push after five deaths, while the server is away for a while, with the key of gpm.conf" \
	"${keyless[@]}" gpm-push --spool "$spool" --to "$url" -c "$conf" -v
hasnt "which it does not tell" "$TEST_DIR/err" "${rgw_secret%%/*}"
wait
exits 0 "every byte, no stranger, with that key as well" "${keyless[@]}" gpm-import verify --full --from "$url" -c "$conf" -v
hasnt "which is not told either" "$TEST_DIR/err" "${rgw_secret%%/*}"
exits 0 "list" import_s3 list
has "sealed" "$TEST_DIR/out" "sealed    shop"
fresh_warehouse
exits 0 "load" import_s3 load -q -j 4 --verify content
same_shop "the same rows"
exits 0 "a copied spool finds its run sealed" gpm-push --spool "$TEST_DIR/spool.copy" --to "$url"
has "and says so" "$TEST_DIR/err" "is sealed already"
exits 0 "still whole" import_s3 verify --full

# other programs
run=$(import_s3 list | sed -n '2s/ .*//p')
if command -v rclone >/dev/null; then
	export RCLONE_CONFIG_GW_TYPE=s3 RCLONE_CONFIG_GW_PROVIDER=Ceph RCLONE_CONFIG_GW_ENDPOINT="$GPM_ENDPOINT_URL" \
		RCLONE_CONFIG_GW_ACCESS_KEY_ID="$AWS_ACCESS_KEY_ID" RCLONE_CONFIG_GW_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY"
	ok "rclone copies the run" rclone -q copy "gw:test/warehouse/$run" "$TEST_DIR/copied"
	ok "sha256sum finds it whole" sh -c "cd '$TEST_DIR/copied' && sha256sum --quiet --strict -c SHA256SUMS"
	ok "zstd reads it" sh -c "find '$TEST_DIR/copied/data' -name '*.zst' | xargs zstd -tq"
	mkdir -p "$TEST_DIR/disk/"
	mv "$TEST_DIR/copied" "$TEST_DIR/disk/$run"
	exits 0 "and it loads from a disk as well" gpm-import verify --full --from "file://$TEST_DIR/disk"
else
	ok "rclone reads the run # SKIP rclone is not installed" true
fi
if command -v aws >/dev/null && aws --version >/dev/null 2>&1; then
	aws_s3() { aws --region us-east-1 --endpoint-url "$GPM_ENDPOINT_URL" s3 "$@"; }
	ok "aws copies the run" aws_s3 cp --quiet --recursive "s3://test/warehouse/$run" "$TEST_DIR/by-aws/$run"
	exits 0 "every byte" gpm-import verify --full --from "file://$TEST_DIR/by-aws"
	ok "aws brings it back" aws_s3 cp --quiet --recursive "$TEST_DIR/by-aws" s3://test/back
	exits 0 "where it is whole as well" gpm-import verify --full --from s3://test/back
else
	ok "aws reads the run # SKIP aws is not installed" true
fi

# an object changed behind our back
odd=$(q dst warehouse "select object_key from gpm.ledger where table_name = 'odd' limit 1")
s3 PUT "/test/warehouse/$run/${odd//%/%25}" /dev/null >/dev/null
exits 4 "an emptied object" import_s3 verify
has "is named" "$TEST_DIR/err" "sales.odd"
fresh_warehouse
exits 4 "and not loaded" import_s3 load -q
is "no row of it" "$(q dst warehouse "select count(*) filter (where object_key = '$odd'),
	sum(rows) = (select count(*) from sales.odd) from gpm.ledger where table_name = 'odd'")" "0|t"

done_testing
