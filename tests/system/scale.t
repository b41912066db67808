#!/usr/bin/env bash
# Goal of this test: a run of very many chunks is resumed, sealed, listed and verified in memory that its chunks hardly
# touch, and among so many a lost object and a stranger are found all the same.
#
# GPM_TEST_CHUNKS is their number (30000); two million are 100 TB.
chunks=${GPM_TEST_CHUNKS:-30000}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

run=20261120T231816Z-9f3a1c
tables=20
url=file://$bucket

# CHUNKS in a spool and a bucket, all stored and not sealed.
many() {
	rm -rf "$spool" "${bucket:?}"/*
	"$build_dir/tests/unit/scale-probe" "$spool" "$bucket" $run $tables $(($1 / tables))
}

# --- a tenth of them, for comparison

exits 0 "a tenth of them" many $((chunks / 10))
exits 0 "a tenth: push" measured few gpm-push -q --spool "$spool" --to "$url"

# --- all of them

exits 0 "$chunks chunks" many "$chunks"
gpm-push status --spool "$spool" --json >"$TEST_DIR/status"
is "status counts them" "$(jq -c '[.chunks, .chunks_stored]' "$TEST_DIR/status")" "[$chunks,$chunks]"
lost=$(find "$bucket/$run/data" -name 000007.csv.zst -print -quit)
mv "$lost" "$TEST_DIR/lost"
exits 4 "one of them is lost" gpm-push -q --spool "$spool" --to "$url"
has "which is named" "$TEST_DIR/err" "${lost#"$bucket"/}"
mv "$TEST_DIR/lost" "$lost"
cp "$lost" "${lost%/*}/999999.csv.zst"
exits 0 "push" measured many gpm-push -q --spool "$spool" --to "$url"
ok "what no manifest names is gone" test ! -e "${lost%/*}/999999.csv.zst"
is "every object has its sum" "$(grep -c '  data/' "$bucket/$run/SHA256SUMS")" "$chunks"
is "and no object another one" "$(cut -c67- "$bucket/$run/SHA256SUMS" | sort -u | wc -l)" "$((chunks + tables))"
exits 0 "list" measured list gpm-import list --from "$url"
exits 0 "verify, by sizes" measured verify gpm-import verify --from "$url"
comment <<<"push: $(cat "$TEST_DIR/few.rss") kB for a tenth, $(cat "$TEST_DIR/many.rss") kB; list: $(cat "$TEST_DIR/list.rss") kB"
uses_at_most "push: 24 bytes a chunk and 4 MB" $(($(cat "$TEST_DIR/many.rss") - $(cat "$TEST_DIR/few.rss"))) $((chunks * 24 / 1024 + 4096))
uses_at_most "verify: 32 MB" "$(cat "$TEST_DIR/verify.rss")" 32768
done_testing
