# shellcheck shell=bash
# fake_s3.sh -- the S3 server that misbehaves on request, fake_s3.py, for system tests.  Comes after
# lib.sh.
#
#   fake [STEP…]          start it, in place of the last one; its FAKE_* come from the environment
#   fake_end              stop it; at the end of the file this happens by itself
#   $GPM_ENDPOINT_URL     where it is, exported, as the tools look for it
#   $TEST_DIR/fake.log    what was asked for; $TEST_DIR/fake.err: what python says

fake_pid=

fake() {
	fake_end
	rm -f "$TEST_DIR/fake.port"
	python3 "$tests_dir/fake_s3.py" "$TEST_DIR/fake.port" "$TEST_DIR/fake.log" "$@" 2>"$TEST_DIR/fake.err" &
	fake_pid=$!
	while [ ! -e "$TEST_DIR/fake.port" ] && kill -0 "$fake_pid"; do
		sleep 0.02
	done
	GPM_ENDPOINT_URL=http://127.0.0.1:$(cat "$TEST_DIR/fake.port")
	export GPM_ENDPOINT_URL
}

fake_end() {
	if [ -n "$fake_pid" ]; then
		kill "$fake_pid"
		wait "$fake_pid" 2>/dev/null
		fake_pid=
	fi
}
at_end fake_end
