#!/usr/bin/env bash
# Goal of this test: load --method file_fdw out of a real S3 server: the endpoint goes along in the command line, the key
# does not: it is the server's own, and without one the load says so.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/../rgw.sh"

rgw_up
export HOME=$TEST_DIR
pg_up src
pg_up bare
s3_env
pg_up dst # with the key in its environment
mkdir "$TEST_DIR/bin"
cp "$build_dir/import/gpm-import" "$TEST_DIR/bin/gpm-import" # the server's user runs it, too
PATH="$TEST_DIR/bin:$PATH"
fill_shop src
ok "export" export_shop -q
ok "push" gpm-push -q --spool "$spool" --to s3://test/a/b

s3_load() { # CLUSTER OPTION…
	gpm-import load -q --from s3://test/a/b -h "$(pg_host "$1")" -p "$(pg_port "$1")" -U postgres -d warehouse --method file_fdw "${@:2}"
}

q dst postgres "alter system set log_statement = 'all'"
q dst postgres "select pg_reload_conf()" >/dev/null
fresh_warehouse
exits 0 "load" s3_load dst --verify content -j 3
same_shop "the same rows"
has "the server's log has the command" "$TEST_DIR/dst/log" "--endpoint-url $GPM_ENDPOINT_URL --region us-east-1"
hasnt "and no secret" "$TEST_DIR/dst/log" "$AWS_SECRET_ACCESS_KEY"
hasnt "nor the key's name" "$TEST_DIR/dst/log" "$AWS_ACCESS_KEY_ID"

q bare postgres "create database warehouse"
exits 3 "a server without a key" s3_load bare
has "says where to look" "$TEST_DIR/err" "as the server's user, with the server's environment"
has "and there it is told" "$TEST_DIR/bare/log" "AWS_ACCESS_KEY_ID"
is "nothing is loaded" "$(q bare warehouse "select count(*) from gpm.ledger")" 0
exits 0 "by copy it is" gpm-import load -q --from s3://test/a/b -h "$(pg_host bare)" -p "$(pg_port bare)" -U postgres -d warehouse

done_testing
