#!/usr/bin/env bash
# Goal of this test: the segments of a real Greenplum send their rows to gpm-export over TLS (gpfdists), with certificates that it checks.
#
#   GPM_TEST_SOURCE  conninfo of a superuser of a Greenplum whose segments run on this host, where databases may be made; without it all is
#                    skipped.  The folder gpfdists is put into each segment's data folder, where there is none, and taken out again
source_conninfo=${GPM_TEST_SOURCE:-}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

[ -n "$source_conninfo" ] || skip_all "GPM_TEST_SOURCE names no Greenplum to read"
. "$(dirname "$0")/certificates.sh"
[ -f "$TEST_DIR/tls/stranger.crt" ] || skip_all "there is no openssl on this host to make certificates"
sql() { # DATABASE [PSQL OPTION…]
	local database=$1

	shift
	PGOPTIONS='-c client_min_messages=error' "$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -d "$source_conninfo dbname=$database" "$@"
}
mapfile -t folders < <(sql postgres -c "select datadir from gp_segment_configuration where content >= 0 and role = 'p'")
for folder in "${folders[@]}"; do
	[ -w "$folder/PG_VERSION" ] || skip_all "the segments' data folders cannot be written from here"
	[ ! -e "$folder/gpfdists" ] || skip_all "there is a gpfdists in $folder already"
done
wh=gpm_tls_$$
clean_up() {
	for folder in "${folders[@]}"; do rm -rf "$folder/gpfdists"; done
	sql postgres -c "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$wh'" -c "drop database if exists $wh" >/dev/null
}
at_end clean_up

# show NAME: the segments show this certificate from now on
show() {
	local folder

	for folder in "${folders[@]}"; do
		mkdir -p "$folder/gpfdists"
		cp "$TEST_DIR/tls/$1.crt" "$folder/gpfdists/client.crt"
		cp "$TEST_DIR/tls/$1.key" "$folder/gpfdists/client.key"
		cp "$TEST_DIR/tls/ca.crt" "$folder/gpfdists/root.crt"
		chmod 600 "$folder/gpfdists"/*
		chown -R --reference="$folder" "$folder/gpfdists"
	done
}
export_wh() {
	gpm-export -d "$source_conninfo dbname=$wh" --spool "$spool" --data-only --small-table 0 --listen 127.0.0.1 --new-run \
		--chunk-size 64KB "$@"
}
tls=(--tls-certificate "$TEST_DIR/tls/server.crt" --tls-key "$TEST_DIR/tls/server.key" --tls-authority "$TEST_DIR/tls/ca.crt")
# what the newest run holds of each table
digests() { jq -r 'select(.rec == "done") | "\(.table) \(.rows) \(.digest) \(.method)"' "$(find "$spool" -name export.jsonl | sort | tail -n 1)" | sort; }

sql postgres -c "create database $wh"
sql "$wh" -c "create table t (id int, b text) distributed by (id); insert into t select i, md5(i::text) from generate_series(1, 50000) i;
	create table u (id int, b text) distributed randomly; insert into u select i, repeat('x', i % 3000) from generate_series(1, 3000) i"
echo "# source: $(sql "$wh" -c "select version()")"
exits 0 "through the coordinator" export_wh --method copy
copied=$(digests | sed 's/ copy$//')
show client
exits 0 "over TLS" export_wh "${tls[@]}"
is "the same rows, from the segments" "$(digests)" "$(sed 's/$/ gpfdist/' <<<"$copied")"
show stranger
exits 1 "segments with a certificate of another authority are refused" export_wh "${tls[@]}"
has "which is told" "$TEST_DIR/err" "no certificate of --tls-authority"
has "before a table was begun" "$TEST_DIR/err" "the segments cannot send their rows"
show client
exits 0 "they come in once theirs is the right one" export_wh "${tls[@]}"
is "with the same rows" "$(digests)" "$(sed 's/$/ gpfdist/' <<<"$copied")"
exits 0 "without TLS" export_wh
is "the same again" "$(digests)" "$(sed 's/$/ gpfdist/' <<<"$copied")"
done_testing
