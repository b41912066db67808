#!/usr/bin/env bash
# Goal of this test: without --run the newest sealed run is loaded or none: a damaged older one is told and passed over,
# a damaged newest one is an error, never an older run in its place.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/tamper.sh"

pg_up src
pg_up dst
q src postgres "create database shop"
q src shop "create table t (a int)"
for i in 1 2 3; do
	q src shop "insert into t values ($i)"
	export_shop -q --new-run || exit 1
	push_shop -q || exit 1
	sleep 1.1 # a run's id has seconds
done
mapfile -t runs < <(cd "$bucket" && printf '%s\n' 2* | sort)
is "there are three runs" "${#runs[@]}" 3
mv "$bucket" "$TEST_DIR/good"

again() {
	rm -rf "$bucket"
	cp -a "$TEST_DIR/good" "$bucket"
	fresh_warehouse
}
loads() { # NAME ROWS
	exits 0 "$1: load" load_shop -q
	is "$1: the newest run" "$(q dst warehouse "select count(*) from t")" "$2"
}
loads_nothing() { # NAME STATUS MESSAGE
	exits "$2" "$1: load" load_shop -q
	has "$1: it is said" "$TEST_DIR/err" "$3"
	is "$1: nothing is loaded" "$(q dst warehouse "select count(*) from pg_class where relname in ('t', 'ledger')")" 0
}

again
loads "all whole" 3
is "all whole: nothing is said" "$(cat "$TEST_DIR/err")" ""
again
sed -i 's/"rows":1,/"rows":2,/' "$bucket/${runs[0]}/manifest.jsonl"
loads "the oldest damaged" 3
has "the oldest damaged: it is told" "$TEST_DIR/err" "warning: run ${runs[0]}, an older one, is passed over: "
truncate -s -5 "$bucket/${runs[1]}/manifest.jsonl"
fresh_warehouse
loads "both older ones damaged" 3
has "both older ones damaged: the second is told too" "$TEST_DIR/err" "run ${runs[1]}, an older one"
again
(cd "$bucket/${runs[0]}" && sed -i '1s/"version":1/"version":9/' manifest.jsonl && reseal manifest.jsonl)
loads "the oldest of another version" 3
has "the oldest of another version: it is told" "$TEST_DIR/err" "version 9"
again
truncate -s -5 "$bucket/${runs[2]}/manifest.jsonl"
loads_nothing "the newest damaged" 4 "${runs[2]}/manifest.jsonl"
exits 0 "the newest damaged: another one by its name" load_shop -q --run "${runs[1]}"
is "the newest damaged: that one" "$(q dst warehouse "select count(*) from t")" 2
again
: >"$bucket/${runs[2]}/manifest.jsonl"
truncate -s -5 "$bucket/${runs[0]}/manifest.jsonl"
loads_nothing "the newest and the oldest damaged" 4 "${runs[2]}/manifest.jsonl"
again
rm "$bucket/${runs[2]}/manifest.jsonl"
loads "the newest is not sealed: the newest that is" 2

# the others were only looked at for their database
again
(cd "$bucket/${runs[0]}" && sed -i '2s/"database":"shop"/"database":"else"/' manifest.jsonl && reseal manifest.jsonl)
loads_nothing "an older one of another database" 2 "several databases"
truncate -s -5 "$bucket/${runs[1]}/manifest.jsonl"
loads_nothing "an older one of another database, one between damaged" 2 "several databases"

done_testing
