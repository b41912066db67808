#!/usr/bin/env bash
# Goal of this test: an encrypted and signed run is loaded into a real Greenplum by its segments: by web, where each has the key file, and by
# gpfdist, where gpm-import alone has it; and without the key no row comes.
GP_CONNINFO_1=${GPM_TEST_DESTINATION:-} GP_CONNINFO_2=${GPM_TEST_SOURCE:-}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/gp.sh"

gp_or_skip
segment_dir=$("$pg_bin/psql" -XAtq -d "$gp_conninfo dbname=postgres" -c "select datadir from gp_segment_configuration where content = 0 and role = 'p'")
[ -d "$segment_dir" ] || skip_all "the segments are on other hosts, which do not have the key file"
pg_up src
fill_shop src 20000
key=$TEST_DIR/master
gpm-push keygen --encrypt-key "$key" --sign-key "$TEST_DIR/site" >"$TEST_DIR/keys"
chown --reference="$segment_dir" "$key" # root, who runs this, takes anybody's
# who reads where the segments do has to get at all of it
cp "$build_dir/import/gpm-import" "$TEST_DIR/gpm-import"
PATH="$TEST_DIR:$PATH"
ok "export" export_shop -q --data-only --snapshot table --batch-size 1MB
ok "push" push_shop -q --encrypt-key "$key" --sign-key "$TEST_DIR/site"
chmod -R a+rX "$bucket"
objects=$(find "$(run_dir)data" -type f | wc -l | tr -d ' ') # gp_exact compares with it
chmod a+r "$TEST_DIR/site.pub"

for method in web gpfdist; do
	gp_fresh
	exits 1 "$method: load without the key" gp_load --method $method -q
	has "$method: it says which" "$TEST_DIR/err" "is encrypted by master key $(sed -n 's/^master key //p' "$TEST_DIR/keys")"
	exits 0 "$method: load" gp_load --method $method -q --verify content --encrypt-key "$key" --trusted-keys "$TEST_DIR/site.pub"
	gp_exact "$method"
done
exits 0 "the statements name the file" gpm-import plan --from "$from" --method web --encrypt-key "$key" -t sales.lines
has "they do" "$TEST_DIR/out" "--encrypt-key"
hasnt "and not the key" "$TEST_DIR/out" "$(cat "$key")"
done_testing
