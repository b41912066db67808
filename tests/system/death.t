#!/usr/bin/env bash
# Goal of this test: each tool killed by SIGKILL at random moments, and started again, ends as if nothing had
# happened: nothing twice, nothing lost, no temporary file or object left.
# GPM_TEST_KILLS sets the number of kills a tool (10).
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

kills=${GPM_TEST_KILLS:-10}
pg_up src
pg_up dst
fill_shop src 120000

# kill_at_random NAME COMMAND…: COMMAND is started and killed within $delay_ms, $kills times or until it came to
# its end; then it runs to its end if it did not yet.
kill_at_random() {
	local name=$1 i pid status
	shift

	for ((i = 0; i < kills; i++)); do
		# not in a subshell: the tool itself is to be killed
		"$@" >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
		pid=$!
		sleep "0.$(printf %03d $((RANDOM % delay_ms + 5)))"
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		status=$?
		[ "$status" = 137 ] || break
	done
	echo "# $name: killed $i times under way"
	[ "$i" -lt "$kills" ] || exits 0 "$name: then it ends well" "$@"
	[ "$i" = "$kills" ] || is "$name: it ends well" "$status" 0
}

# The tools by their own, without the functions around them.
export_args=(-h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d shop --spool "$spool" --chunk-size 64KB)
push_args=(--spool "$spool" --to "file://$bucket")
load_args=(load --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse)

for round in 1 2; do
	rm -rf "$spool" "$bucket"
	mkdir "$bucket"
	fresh_warehouse
	delay_ms=300 kill_at_random "round $round, export" gpm-export "${export_args[@]}"
	is "round $round: no half-written file in the spool" "$(find "$spool" -name '*.part')" ""
	is "round $round: one run in the spool" "$(find "$spool" -maxdepth 1 -name '2*' | wc -l)" 1
	delay_ms=80 kill_at_random "round $round, push" gpm-push "${push_args[@]}"
	is "round $round: no temporary object" "$(find "$bucket" -name '.gpm-*')" ""
	is "round $round: the spool is empty" "$(find "$spool" -name '*.csv*' -o -name '*.sql*')" ""
	exits 0 "round $round: every byte, no stranger" verify_shop --full
	delay_ms=400 kill_at_random "round $round, load" gpm-import "${load_args[@]}"
	has "round $round: verified" "$TEST_DIR/out" "is verified"
	same_shop "round $round: the same rows"
	is "round $round: every chunk once in the ledger" \
		"$(q dst warehouse "select count(*), count(distinct object_key), sum(rows) from gpm.ledger")" \
		"$(find "$bucket"/*/data -type f | wc -l | tr -d ' ')|$(find "$bucket"/*/data -type f | wc -l | tr -d ' ')|$(q dst warehouse "select
			(select count(*) from sales.lines) + (select count(*) from sales.odd) + (select count(*) from sales.one_column) +
			(select count(*) from sales.floats) + (select count(*) from sales.orders) + 2")"
done
done_testing
