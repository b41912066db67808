#!/usr/bin/env bash
# Goal of this test: gpm-import serve gives a table's rows, all of them and each once, to segments that ask at its URL, and never
# what differs from the manifest; it ends when they were taken, and its status says whether they were.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/tamper.sh"

pg_up src
fill_shop src 30000
ok "export" export_shop -q
ok "push" push_shop -q
run=$(run_dir)

# serve OPTION…: in the background; $url is where
serve() {
	rm -f "$TEST_DIR/url"
	gpm-import serve --from "file://$bucket" --listen 127.0.0.1 "$@" >"$TEST_DIR/url" 2>"$TEST_DIR/err" &
	server=$!
	until [ -s "$TEST_DIR/url" ] || ! kill -0 "$server" 2>/dev/null; do sleep 0.05; done
	url=$(cat "$TEST_DIR/url")
}
served() { # STATUS NAME
	local status=0

	wait "$server" || status=$?
	is "$2" "$status" "$1"
}
# read_as N: N segments of one statement read it at once; the rows into $TEST_DIR/rows, the errors into $TEST_DIR/errors
read_as() {
	PYTHONPATH=$tests_dir python3 - "$url" "$1" "$TEST_DIR/rows" >"$TEST_DIR/errors" <<-'PY'
		import sys, threading
		from segment_reader import Failed, Reader

		url, n, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
		rows, errors = [], []

		def one(i):
		    try:
		        rows.append(Reader(url, i, n).read())
		    except Failed as e:
		        errors.append(str(e))

		threads = [threading.Thread(target=one, args=(i,)) for i in range(n)]
		for t in threads:
		    t.start()
		for t in threads:
		    t.join()
		with open(path, "wb") as f:
		    f.write(b"".join(rows))
		print("\n".join(errors))
	PY
}
md5() { md5sum | cut -c 1-32; }
sorted_md5() { LC_ALL=C sort | md5; }

serve -t sales.lines
is "stdout has the URL alone" "$(sed -E 's|^gpfdist://127.0.0.1:[0-9]+/[0-9a-f]{32}/t$|a URL|' "$TEST_DIR/url")" "a URL"
has "what to do with it is said" "$TEST_DIR/err" "sales.lines, 30,000 rows: CREATE EXTERNAL TABLE … LOCATION ('this URL') FORMAT 'csv'"
has "and the encoding" "$TEST_DIR/err" "ENCODING 'UTF8'"
read_as 1
served 0 "one segment, which is the cluster"
is "it has all rows" "$(LC_ALL=C sort "$TEST_DIR/rows" | md5)" "$(gpm-import cat -q --from "file://$bucket" -t sales.lines | LC_ALL=C sort | md5)"
has "it is said that they were taken" "$TEST_DIR/err" "all 30,000 rows were taken, by 1 segments"
serve -q -t sales.lines
read_as 4
served 0 "four segments"
is "they have all rows" "$(sorted_md5 <"$TEST_DIR/rows")" "$(gpm-import cat -q --from "file://$bucket" -t sales.lines | sorted_md5)"
is "-q says nothing" "$(cat "$TEST_DIR/err")" ""
serve -t '"Odd ""Schema"""."Table.with dots"'
read_as 2
served 0 "a table with an awkward name"
is "its rows" "$(sorted_md5 <"$TEST_DIR/rows")" "$(gpm-import cat -q --from "file://$bucket" -t '"Odd ""Schema"""."Table.with dots"' | sorted_md5)"
serve -t sales.empty
read_as 3
served 0 "a table without rows"
is "gives none" "$(cat "$TEST_DIR/rows" "$TEST_DIR/errors")" ""

# --- what goes wrong

damage() { # NAME COMMAND…: one object is changed by it; nobody gets it
	local name=$1

	shift
	cp -a "$bucket" "$TEST_DIR/good"
	(cd "$run" && "$@") >/dev/null
	serve -t sales.lines
	read_as 3
	served 4 "$name: serve ends with 4"
	has "$name: the segments are told" "$TEST_DIR/errors" "gpfdist error - '"
	is "$name: no row of it was given" "$(comm -23 <(LC_ALL=C sort "$TEST_DIR/rows") <(gpm-import cat -q --from "file://$TEST_DIR/good" -t sales.lines | LC_ALL=C sort) | wc -l)" 0
	rm -rf "$bucket"
	mv "$TEST_DIR/good" "$bucket"
}
object() { # N: the Nth of the table's, the way they are given
	(cd "$run" && find data -path '*sales.lines/*' -name '*.csv.*' | LC_ALL=C sort | sed -n "${1}p")
}
damage "a byte" flip_byte "$(object 9)" 100
damage "an object that is gone" rm "$(object 9)"
damage "two that are swapped" sh -c "mv '$(object 9)' x && mv '$(object 10)' '$(object 9)' && mv x '$(object 10)'"
flip_byte "$run/$(object 1)" 100
exits 4 "one that is found before anybody came ends it at once" gpm-import serve --from "file://$bucket" -t sales.lines --listen 127.0.0.1
has "and is named" "$TEST_DIR/err" "$(object 1)' has another SHA-256"
flip_byte "$run/$(object 1)" 100
serve -t sales.lines
kill -TERM "$server"
served 143 "a signal ends it"
exits 2 "no table" gpm-import serve --from "file://$bucket"
exits 2 "two tables" gpm-import serve --from "file://$bucket" -t sales.lines -t sales.odd
exits 1 "a table that is not there" gpm-import serve --from "file://$bucket" -t sales.none
exits 2 "no memory" gpm-import serve --from "file://$bucket" -t sales.lines --memory 1MB
has "it is said how much is needed" "$TEST_DIR/err" "at least"
exits 1 "another host's address" gpm-import serve --from "file://$bucket" -t sales.lines --listen 192.0.2.1
exits 2 "gpfdist needs a Greenplum: plan" gpm-import plan --from "file://$bucket" --method gpfdist
q src postgres "create database warehouse"
exits 1 "gpfdist needs a Greenplum: load" gpm-import load --from "file://$bucket" -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d warehouse --method gpfdist
has "it is told" "$TEST_DIR/err" "this server is no Greenplum 6 or newer"
done_testing
