#!/usr/bin/env bash
# Goal of this test: memory and spool follow the numbers that the user gave, not the size of the data: ten times
# the rows need no more memory, and a spool of 32 MB carries 300 MB.
#
# GPM_TEST_MB sets the size of the large table (300).
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

sanitized=$(is_sanitized && echo 1 || echo 0)
large_mb=${GPM_TEST_MB:-$((sanitized ? 60 : 300))}
small_mb=$((large_mb / 10))

# A table of SIZE MB of rows, of about 136 bytes each.
fill_rows() { # DATABASE SIZE
	q src postgres "create database $1"
	q src "$1" "create table lines as select i as id, i % 200000 as part, (i % 10000) / 100.0 as price,
		md5(i::text) as a, md5((i / 3)::text) as b, repeat('comment ', 1 + i % 8) as note
		from generate_series(1, $2 * 7700) i" >/dev/null
}

# The whole way of one database, both tools beside one another.
go() { # DATABASE SPOOL_MB
	local to=file://$bucket server=(-h "$(pg_host src)" -p "$(pg_port src)" -U postgres) most=0 now export_pid push_pid

	rm -rf "$spool" "${bucket:?}"/*
	measured push gpm-push -q --spool "$spool" --to "$to" --follow --wait 60s &
	push_pid=$!
	measured export gpm-export -q "${server[@]}" -d "$1" --spool "$spool" --spool-limit "${2}MB" --chunk-size 8MB --wait 60s &
	export_pid=$!
	while kill -0 "$export_pid" 2>/dev/null; do
		now=$(du -sm "$spool" 2>/dev/null | cut -f1)
		[ "${now:-0}" -gt "$most" ] && most=$now
		sleep 0.05
	done
	wait "$export_pid"
	is "$1: export" $? 0
	wait "$push_pid"
	is "$1: push" $? 0
	ok "$1: the spool of $2 MB never took a tenth more: $most MB" test "$most" -le $(($2 * 11 / 10))
	fresh_warehouse
	exits 0 "$1: load" measured load gpm-import load -q --from "$to" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres \
		-d warehouse --verify content
	is "$1: the rows are as many" "$(q dst warehouse "select count(*), sum(id) from lines")" \
		"$(q src "$1" "select count(*), sum(id) from lines")"
}

pg_up src
pg_up dst
fill_rows small "$small_mb"
go small 100
for tool in export push load; do
	mv "$TEST_DIR/$tool.rss" "$TEST_DIR/$tool.small"
done
fill_rows large "$large_mb"
go large 32
for tool in export push load; do
	small=$(cat "$TEST_DIR/$tool.small") large=$(cat "$TEST_DIR/$tool.rss")
	comment <<<"$tool: $small kB for $small_mb MB, $large kB for $large_mb MB"
	uses_at_most "$tool: ten times the rows need no more memory (8 MB of play)" "$large" $((small + 8192))
	uses_at_most "$tool: within 64 MB and two chunks a worker" "$large" $((64 * 1024 + 4 * 8 * 1024))
done
done_testing
