#!/usr/bin/env bash
# Goal of this test: what a push does with an access key that may not do everything: not read what it has put,
# not remove what nothing names.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../rgw.sh"
. "$(dirname "$0")/fixture.sh"

rgw_up
s3_env
export HOME=$TEST_DIR
pg_up src
fill_shop src 4000

# deny ACTION PATTERN…: from now on the bucket refuses just that; without arguments nothing.
deny() {
	local action=${1-} resources

	if [ -z "$action" ]; then
		s3 DELETE '/test?policy' >/dev/null
		return
	fi
	shift
	resources=$(printf ', "arn:aws:s3:::test/%s"' "$@")
	printf '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "%s", "Resource": [%s]}]}' \
		"$action" "${resources#, }" >"$TEST_DIR/policy"
	is "the bucket refuses $action" "$(s3 PUT '/test?policy' "$TEST_DIR/policy")" 204
}

push_to() { # PLACE OPTION…
	gpm-push --spool "$spool" --to "s3://test/$1" "${@:2}"
}

ok "export" export_shop -q
run=$(basename "$spool"/2*)
cp -a "$spool" "$TEST_DIR/spool.copy"

# --- who may not read

deny s3:GetObject "a/$run/data/*" 'a/gpm-preflight-*'
exits 1 "a push that cannot see what it has put" push_to a
has "says so" "$TEST_DIR/err" "cannot examine 's3://test/a/$run/data/"
has "and why" "$TEST_DIR/err" "HTTP 403"
exits 1 "preflight" gpm-push preflight --to s3://test/a
has "says what helps" "$TEST_DIR/out" "--after-put response does without it"
has "and does the rest" "$TEST_DIR/out" "ok       it is listed"
exits 0 "with --after-put response" push_to a --after-put response
has "it is sealed" "$TEST_DIR/err" "sealed"
deny
exits 0 "every byte is there" gpm-import verify --full --from s3://test/a

# --- who may not put

rm -rf "$spool"
cp -a "$TEST_DIR/spool.copy" "$spool"
deny s3:PutObject '*'
exits 1 "a bucket that takes nothing" push_to readonly
has "is told" "$TEST_DIR/err" "cannot put 's3://test/readonly/$run/"
has "with the reason" "$TEST_DIR/err" "HTTP 403 AccessDenied"
has "and what to look at" "$TEST_DIR/err" "hint: this access key has no right to do it"
exits 1 "preflight" gpm-push preflight --to s3://test/readonly
has "says it beforehand" "$TEST_DIR/out" "FAILED   cannot put 's3://test/readonly/gpm-preflight-"
deny

# --- who may not remove

rm -rf "$spool"
cp -a "$TEST_DIR/spool.copy" "$spool"
echo stray >"$TEST_DIR/stray"
stray=$run/data/000001-sales.lines/a9/b0001/000001.csv.zst
is "an object that nothing names" "$(s3 PUT "/test/b/$stray" "$TEST_DIR/stray")" 200
deny s3:DeleteObject '*'
exits 0 "preflight" gpm-push preflight --to s3://test/b
has "warns" "$TEST_DIR/out" "warning  it cannot be removed, and stays: cannot remove 's3://test/b/gpm-preflight-"
has "knows conditional puts all the same" "$TEST_DIR/out" "ok       an object can be created only where none is"
exits 0 "a push" push_to b
has "it is sealed" "$TEST_DIR/err" "sealed"
has "what stays is told" "$TEST_DIR/err" "warning: '$stray' stays behind, which no manifest names: cannot remove 's3://test/b/$stray': HTTP 403"
is "and stays" "$(s3 GET "/test/b/$stray")" 200
exits 0 "the run is whole" gpm-import verify --from s3://test/b
deny
rm -rf "$spool"
cp -a "$TEST_DIR/spool.copy" "$spool"
is "an object that nothing names" "$(s3 PUT "/test/c/$stray" "$TEST_DIR/stray")" 200
exits 0 "who may remove" push_to c
is "removes it" "$(s3 GET "/test/c/$stray")" 404
done_testing
