#!/usr/bin/env bash
# Goal of this test: a run names the one of its source that was sealed before it; and at the destination an older run does not
# stand in for a newer one that was loaded, a run that was replaced is found, and one that does not descend from what was loaded is told.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/tamper.sh"

# next_run: one more run of shop; prints its id.
next_run() {
	export_shop -q --new-run "$@" && push_shop -q && ls "$bucket" | tail -n 1
}
# header RUN FIELD
header() {
	sed -n 2p "$bucket/$1/manifest.jsonl" | jq -r ".$2"
}
load_rows() {
	load_shop --data-only "$@"
}
empty_warehouse() {
	q dst warehouse "truncate sales.lines"
	q dst warehouse "delete from gpm.ledger; delete from gpm.tables"
}

pg_up src
pg_up dst
fill_shop src 4000
q src postgres "create database other"
q src other "create table t as select 1 as a"
one=$(next_run -t sales.lines)
gpm-export -q -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d other --spool "$spool" --new-run
push_shop -q
rm -rf "$TEST_DIR/other"
mv "$bucket/$(ls "$bucket" | tail -n 1)" "$TEST_DIR/other"
two=$(next_run -t sales.lines)
three=$(next_run -t sales.lines)
is "the first follows none" "$(header "$one" predecessor)" null
is "the second follows the first" "$(header "$two" predecessor)" "$one"
is "by its root manifest's hash" "$(header "$two" predecessor_sha256)" "$(sha256sum "$bucket/$one/manifest.jsonl" | cut -d ' ' -f 1)"
is "the third follows the second" "$(header "$three" predecessor)" "$two"
is "a run of another database follows none of them" "$(sed -n 2p "$TEST_DIR/other/manifest.jsonl" | jq -r .predecessor)" null
exits 0 "verify" verify_shop --full
cp -a "$bucket" "$TEST_DIR/pristine"
q dst postgres "create database warehouse"
q dst warehouse "create schema sales; create table sales.lines (id bigint primary key, qty int, price numeric(12,2), sku text, note text)"

exits 0 "load the first" load_rows --run "$one"
exits 0 "load it again" load_rows --run "$one"

# --- the third descends from the first, by way of the second
empty_warehouse
exits 0 "load the third" load_rows
hasnt "it descends" "$TEST_DIR/err" "descend"
is "its root manifest is noted" "$(q dst warehouse "select step from gpm.steps where run = '$three' and step like 'manifest%'" | cut -d ' ' -f 2)" \
	"$(sha256sum "$bucket/$three/manifest.jsonl" | cut -d ' ' -f 1)"

# --- an old state of the bucket
empty_warehouse
rm -rf "${bucket:?}/$three"
exits 4 "the newest run of an old bucket" load_rows
has "it says which is newer" "$TEST_DIR/err" "is older than run $three, which was loaded here"
is "nothing was loaded" "$(q dst warehouse "select count(*) from sales.lines")" 0
exits 4 "nor is it as 'latest'" load_rows --run latest
exits 0 "who names it gets it" load_rows --run "$two"
has "and is told" "$TEST_DIR/err" "is older than run $three"

# --- a run that was replaced under its name
empty_warehouse
cp -a "$TEST_DIR/pristine/$three" "$bucket/"
(cd "$bucket/$three" && sed -i '2s/"group":"[^"]*",//; 2s/"predecessor":"[^"]*","predecessor_sha256":"[^"]*",//' manifest.jsonl && reseal manifest.jsonl)
exits 4 "another root manifest than last time" load_rows
has "it says so" "$TEST_DIR/err" "was begun here with another root manifest"

# --- ways that do not lead to what was loaded
fresh() {
	q dst warehouse "delete from gpm.steps where run <> '$1'"
	empty_warehouse
	rm -rf "$bucket"
	cp -a "$TEST_DIR/pristine" "$bucket"
}
fresh "$one"
rm -rf "${bucket:?}/$two"
exits 0 "the run between is not in the bucket" load_rows
has "it is told" "$TEST_DIR/err" "does not descend from run $one"
fresh "$one"
(cd "$bucket/$two" && sed -i '3s/zstd:1/zstd:2/' manifest.jsonl && reseal manifest.jsonl)
exits 0 "the run between is another one" load_rows
has "it is told which" "$TEST_DIR/err" "run $three follows a run $two of another root manifest"
has "and that the way ends" "$TEST_DIR/err" "does not descend from run $one"
fresh "$one"
(cd "$bucket/$two" && sed -i '2s/"predecessor_sha256":"./"predecessor_sha256":"x/' manifest.jsonl && reseal manifest.jsonl)
exits 4 "it follows another run of that name" load_rows --run "$two"
has "it says so" "$TEST_DIR/err" "of another root manifest than the one that was loaded here"
fresh "$one"
(cd "$bucket/$three" && sed -i "2s/\"predecessor\":\"[^\"]*\"/\"predecessor\":\"$three\"/" manifest.jsonl && reseal manifest.jsonl)
exits 0 "a run that follows itself" load_rows
has "is told" "$TEST_DIR/err" "does not descend from run $one"

done_testing
