#!/usr/bin/env bash
# Goal of this test: wherever the line to a real S3 server breaks (for good, once, so that an answer is lost, with the
# death of gpm-push), the next start ends with the same objects and the same manifest as a push that nobody disturbed, and
# sends no more in vain than what was on its way.  GPM_TEST_CUTS says how many times; the default takes seconds.
cuts=${GPM_TEST_CUTS:-12} # before the environment is cleared
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../rgw.sh"
. "$(dirname "$0")/fixture.sh"

probe=$build_dir/tests/unit/store-probe
export HOME=$TEST_DIR
rgw_up
s3_env
direct=$GPM_ENDPOINT_URL
pg_up src
fill_shop src 4000
ok "export" export_shop -q
cp -a "$spool" "$TEST_DIR/whole"
python3 "$tests_dir/bad_line.py" "$TEST_DIR/line.port" "127.0.0.1:$(rgw_port)" &
line=$!
end_line() { kill "$line"; }
at_end end_line
while [ ! -e "$TEST_DIR/line.port" ] && kill -0 "$line"; do sleep 0.05; done
line_port=$(cat "$TEST_DIR/line.port")

# tell MODE N [PIDFILE]: to the line; sets $sent and $state of the time since the last command
tell() {
	exec 3<>"/dev/tcp/127.0.0.1/$line_port"
	echo "BADLINE $*" >&3
	read -r sent state <&3
	exec 3>&-
}

# push PLACE: over the line; its exit status
push() {
	GPM_ENDPOINT_URL=http://127.0.0.1:$line_port sh -c 'echo $$ >"$TEST_DIR/pid"; exec "$@"' sh \
		gpm-push -q --spool "$spool" --to "s3://test/$1" --retry-time 1s -j 2 >>"$TEST_DIR/log" 2>&1
}

# contents PLACE: names and sizes of all objects, and the root manifest, which holds all hashes
contents() {
	GPM_ENDPOINT_URL=$direct "$probe" "s3://test/$1" list '' -r
	GPM_ENDPOINT_URL=$direct "$probe" "s3://test/$1" get "$run/manifest.jsonl"
}

run=$(basename "$spool"/2*)
tell good 0
ok "a push that nobody disturbs" push calm
tell good 0
whole=$sent
contents calm >"$TEST_DIR/want"
data=$(awk '$1 ~ /\/data\// { n += $2 } END { print n + 0 }' "$TEST_DIR/want")
largest=$(awk '$1 ~ /\/data\// && $2 > n { n = $2 } END { print n + 0 }' "$TEST_DIR/want")
# what is no chunk is sent again by each start that seals: manifests, and the heads of requests
rest=$((whole - data))
echo "# $whole bytes are sent, $data of them chunks; the largest has $largest"

# disturbed I MODE N: a push whose line breaks after N bytes, and the next one.  What it was about is in $why when it was wrong.
disturbed() {
	local place=cut$1 mode=$2 at=$3 status total=0

	rm -rf "$spool"
	cp -a "$TEST_DIR/whole" "$spool"
	tell "$mode" "$at" "$TEST_DIR/pid"
	push "$place" 2>/dev/null # the shell tells of the kill
	status=$?
	tell good 0
	total=$sent
	broken=$state
	case $mode/$status in
	kill/137 | line/5 | once/0 | answer/0) ;;
	*/0) [ "$state" = whole ] || why="the start that was disturbed ended with 0" ;;
	*) why="the start that was disturbed ended with $status" ;;
	esac
	if [ "$status" != 0 ]; then
		push "$place"
		status=$?
		[ "$status" = 0 ] || why="the next start ended with $status"
		tell good 0
		total=$((total + sent))
	fi
	contents "$place" >"$TEST_DIR/got"
	cmp -s "$TEST_DIR/want" "$TEST_DIR/got" || why="it ended with something else"
	vain=$((total - whole))
	[ "$vain" -le "$most" ] || most=$vain
	[ "$vain" -le $((2 * largest + 2 * rest)) ] || why="$vain bytes were sent in vain"
}

most=0 breaks=0 wrong=0
modes=(line kill once answer)
for ((i = 0; i < cuts; i++)); do
	mode=${modes[i % 4]} at=$(((i * whole + RANDOM % whole) / cuts)) why=
	: >"$TEST_DIR/log"
	disturbed "$i" "$mode" "$at"
	[ "$broken" = whole ] || breaks=$((breaks + 1))
	if [ -n "$why" ]; then
		wrong=$((wrong + 1))
		echo "# $mode after $at bytes: $why"
		comment <"$TEST_DIR/log"
	fi
done
is "$cuts cut points: each ended with the same objects" "$wrong" 0
ok "the line did break, $breaks times" test "$breaks" -ge $((cuts * 3 / 4))
echo "# at most $most bytes were sent in vain by one break"
for place in calm "cut$((cuts / 2))" "cut$((cuts - 1))"; do
	exits 0 "$place: every byte is there" gpm-import verify --full --from "s3://test/$place"
done
done_testing
