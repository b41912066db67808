#!/usr/bin/env bash
# Goal of this test: scripts/bench comes to its end, says what it measured, leaves nothing behind, and takes no wrong
# result for a fast one.
. "$(dirname "$0")/../lib.sh"

for program in zstd pigz nm; do
	command -v "$program" >/dev/null || skip_all "$program is not installed"
done
if nm "$(command -v gpm-push)" | grep -q __asan_init; then
	skip_all "with sanitizers nothing is measured"
fi
mkdir "$TEST_DIR/tmp" "$TEST_DIR/bin"
chmod 755 "$TEST_DIR/tmp"

bench() {
	TMPDIR=$TEST_DIR/tmp GPM_BUILD=$build_dir "$tests_dir/../scripts/bench" --mb 2 --repeat 1 --files "$TEST_DIR/tmp" "$@"
}

exits 0 "a round" bench --only export --only push-file --json "$TEST_DIR/json" --plot "$TEST_DIR/svg"
for text in "export: 2 MB" "gpm-export -j1" "gpm-push gzip:1" "gpm-push zstd:1 : zstd -1, then sha256sum"; do
	has "it tells '$text'" "$TEST_DIR/out" "$text"
done
is "eight commands were measured" "$(jq '.measured | length' "$TEST_DIR/json")" 8
# what is over in a moment may be missed by who looks a hundred times a second
is "each has a time" "$(jq '[.measured[] | select(.wall > 0)] | length' "$TEST_DIR/json")" 8
ok "CPU time and memory were seen" test "$(jq '[.measured[] | select(.client > 0 and .peak > 0)] | length > 0' "$TEST_DIR/json")" = true
ok "the picture is XML" python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$TEST_DIR/svg"
is "it leaves nothing behind" "$(ls "$TEST_DIR/tmp")" ""

printf '#!/bin/sh\nhead -c 1000000 "$3" | %s -1\n' "$(command -v pigz)" >"$TEST_DIR/bin/pigz"
chmod +x "$TEST_DIR/bin/pigz"
PATH=$TEST_DIR/bin:$PATH exits 1 "a compressor that loses rows" bench --only push-file
has "it is named" "$TEST_DIR/err" "pigz -1 with sha256sum: it did not store the rows"

exits 1 "a disk that is too small" bench --mb 999999
has "it says so" "$TEST_DIR/err" "are needed"
exits 1 "a round that there is not" bench --only everything
exits 2 "an option that there is not" bench --fast
is "it leaves nothing behind" "$(ls "$TEST_DIR/tmp")" ""
done_testing
