# shellcheck shell=bash
# lib.sh -- the words that the system tests are written in.
#
#   #!/usr/bin/env bash
#   # Goal of this test: …
#   . "$(dirname "$0")/../lib.sh"
#   pg_up src
#   q src postgres "create table t (a int); insert into t values (1)"
#   is "one row" "$(q src postgres "select count(*) from t")" 1
#   done_testing
#
# Checks; each is one TAP line, and false when it fails:
#   ok NAME COMMAND…            COMMAND succeeds; else its output is shown
#   exits N NAME COMMAND…       its exit status is N; output in $TEST_DIR/out and $TEST_DIR/err
#   is NAME GOT WANT            the same text
#   has NAME FILE TEXT          FILE holds TEXT (a fixed string); hasnt: it does not; both need FILE
#   same_table A DBA B DBB TABLE  the tables hold the same rows, in any order
#   uses_at_most NAME KB LIMIT  so much memory was used; skipped under a sanitizer, which takes memory of its own
#   skip_all REASON             ends the file as skipped; only before the first check
#   done_testing                the last line of every file: without it there is no plan, and the
#                               file has failed
#
# at_end FUNCTION         is called when the file ends, however it does; the one named last comes first
# measured NAME COMMAND…  runs it; its peak memory in kB is in $TEST_DIR/NAME.rss
# is_sanitized            are the tools built with a sanitizer?
#
# Files: $TEST_DIR is made for this file and removed when it ends, unless KEEP=1.
#
# PostgreSQL, a cluster by a name of letters, digits and '_'; all are stopped when the file ends:
#   pg_up NAME [INITDB OPTION…]   make and start it: superuser postgres, trust, 127.0.0.1 only
#   pg_port NAME, pg_host NAME    where it listens; pg_host prints its socket directory
#   pg_down NAME                  stop it (fast); pg_stop_hard NAME: as a crash would
#   pg_start NAME                 start it again, on the same port
#   q NAME DB SQL                 psql: bare rows, stops at the first error
#   table_md5 NAME DB TABLE       md5 of its sorted rows
# The newest /usr/lib/postgresql/*/bin is used, or $GPM_TEST_PGBIN.  With TEST_CACHE set to a
# folder, initdb runs once for each set of options and later clusters are copies, which have the
# same system identifier.
#
# The tools are called by their names.  They come from $GPM_BUILD, else from automake's
# $top_builddir, else from the folder above tests/.
#
# Nothing depends on the caller's PG* and GPM_* variables, locale, time zone or ~/.psqlrc.

set -u
tests_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
build_dir=$(cd "${GPM_BUILD:-${top_builddir:-$tests_dir/..}}" && pwd) || exit 1
pg_bin=${GPM_TEST_PGBIN:-$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)}
for name in "${!PG@}" "${!GPM_@}"; do
	unset "$name"
done
unset name
# a tool that finds no access key asks a machine's metadata service: none of ours
export AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9 ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9
# the system's programs before the caller's: a stand-in for python3, as pyenv has one, takes ten times python3's own time
case :$PATH: in
*":$build_dir/import:"*) ;; # scripts/bench in a test: its PATH is the test's
*) PATH=$build_dir/export:$build_dir/upload:$build_dir/import:/usr/bin:/bin:$PATH ;;
esac
export LC_ALL=C.UTF-8 TZ=UTC PATH
TEST_DIR=$(mktemp -d "${TMPDIR:-/tmp}/gpm-test.XXXXXX") || exit 1
socket_dir=$(mktemp -d /tmp/gpm-socket.XXXXXX) || exit 1 # a socket's path may have 107 bytes
export TEST_DIR
chmod 755 "$TEST_DIR" # the server's user has to come through

test_count=0
test_failed=0

at_ends=()
at_end() {
	at_ends=("$1" "${at_ends[@]}")
}

# The servers are found by their files, because a pg_up in a subshell leaves nothing else behind.
at_exit() {
	local status=$? data function

	for function in "${at_ends[@]}"; do
		"$function"
	done
	for data in "$TEST_DIR"/*/data; do
		pg_stop_hard "$(basename "$(dirname "$data")")"
	done
	rm -rf "$socket_dir"
	if [ "${KEEP:-0}" = 1 ]; then
		echo "# kept: $TEST_DIR"
	else
		rm -rf "$TEST_DIR"
	fi
	exit "$status"
}
trap at_exit EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- checks

comment() {
	sed 's/^/# /'
}

# result STATUS NAME: the TAP line; what explains a failure follows it.
result() {
	test_count=$((test_count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $test_count - $2"
	else
		test_failed=$((test_failed + 1))
		echo "not ok $test_count - $2"
	fi
	return "$1"
}

ok() {
	local name=$1 output

	shift
	if output=$("$@" 2>&1); then
		result 0 "$name"
	else
		result 1 "$name"
		printf '%s\n' "$*" "$output" | comment
		return 1
	fi
}

is() {
	if [ "$2" = "$3" ]; then
		result 0 "$1"
	else
		result 1 "$1"
		printf 'got:  %s\nwant: %s\n' "$2" "$3" | comment
		return 1
	fi
}

exits() {
	local want=$1 name=$2 got=0

	shift 2
	"$@" >"$TEST_DIR/out" 2>"$TEST_DIR/err" || got=$?
	if [ "$got" -eq "$want" ]; then
		result 0 "$name"
	else
		result 1 "$name"
		{
			printf '%s\nexit status %d, want %d; out, err:\n' "$*" "$got" "$want"
			cat "$TEST_DIR/out" "$TEST_DIR/err"
		} | comment
		return 1
	fi
}

has() {
	if grep -qsF -e "$3" -- "$2"; then
		result 0 "$1"
	else
		result 1 "$1"
		{
			printf "no '%s' in %s:\n" "$3" "$2"
			cat -- "$2" 2>&1
		} | comment
		return 1
	fi
}

hasnt() {
	if [ -f "$2" ] && ! grep -qF -e "$3" -- "$2"; then
		result 0 "$1"
	else
		result 1 "$1"
		{
			printf "'%s' in %s:\n" "$3" "$2"
			grep -nF -e "$3" -- "$2" 2>&1
		} | comment
		return 1
	fi
}

is_sanitized() {
	nm "$(command -v gpm-export)" | grep -q __asan_init
}

uses_at_most() {
	if is_sanitized; then
		result 0 "$1 # SKIP a sanitizer takes memory of its own"
	else
		ok "$1: $2 kB" test "$2" -le "$3"
	fi
}

measured() {
	python3 - "$TEST_DIR/$1.rss" "${@:2}" <<-'PYTHON'
		import resource, subprocess, sys
		status = subprocess.call(sys.argv[2:])
		open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
		sys.exit(status if status >= 0 else 128 - status)
	PYTHON
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

done_testing() {
	echo "1..$test_count"
	[ "$test_failed" -eq 0 ]
	exit
}

# --- PostgreSQL

# The server refuses to run as root.
as_server() {
	if [ "$(id -u)" -eq 0 ]; then
		(cd / && runuser -u postgres -- "$@")
	else
		"$@"
	fi
}

port_is_free() {
	! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Below 32768, where no outgoing connection of the kernel's choice can take it first.
free_port() {
	local port

	while port=$((20000 + RANDOM % 12000)); do
		if port_is_free "$port"; then
			echo "$port"
			return
		fi
	done
}

run_initdb() {
	local dir=$1

	shift
	as_server "$pg_bin/initdb" -D "$dir" -U postgres -A trust -N -E UTF8 --locale=C.UTF-8 "$@" \
		>"$TEST_DIR/initdb.log" 2>&1 || {
		comment <"$TEST_DIR/initdb.log"
		return 1
	}
}

# make_cluster DIR [INITDB OPTION…]: a copy of the cached cluster when there is a cache.  Two tests
# may fill it at once: each makes its own, and the first to rename it wins.
make_cluster() {
	local dir=$1 cached made

	shift
	if [ -z "${TEST_CACHE:-}" ]; then
		run_initdb "$dir/data" "$@"
		return
	fi
	cached=$TEST_CACHE/pg-$(printf '%s\n' "$pg_bin" "$(id -u)" "$@" | md5sum | cut -c 1-32)
	if [ ! -d "$cached" ]; then
		run_initdb "$dir/data" "$@" || return
		mkdir -p "$TEST_CACHE"
		made=$(mktemp -d "$TEST_CACHE/new.XXXXXX") || return
		cp -a "$dir/data" "$made/data" || return
		mv -T "$made" "$cached" 2>/dev/null || rm -rf "$made"
		return 0
	fi
	cp -a "$cached/data" "$dir/data"
}

pg_up() {
	local name=$1 dir=$TEST_DIR/$1 try

	shift
	mkdir "$dir"
	if [ "$(id -u)" -eq 0 ]; then
		chown postgres "$dir" "$socket_dir"
	fi
	make_cluster "$dir" "$@" || exit 1
	for try in 1 2 3 4 5; do
		free_port >"$dir/port"
		if start_server "$name"; then
			return
		fi
		echo "# $name: try $try on port $(pg_port "$name") failed"
	done
	comment <"$dir/log"
	exit 1
}

start_server() {
	local name=$1 dir=$TEST_DIR/$1

	as_server "$pg_bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 -s start -o "-p $(pg_port "$name") \
		-c listen_addresses=127.0.0.1 -c unix_socket_directories=$socket_dir -c fsync=off \
		-c full_page_writes=off -c synchronous_commit=off -c max_connections=50" \
		>"$dir/start.log" 2>&1
}

pg_start() {
	start_server "$1" || {
		comment <"$TEST_DIR/$1/log"
		exit 1
	}
}

# stop_server NAME MODE: fine when it does not run.
stop_server() {
	local dir=$TEST_DIR/$1

	if [ -f "$dir/data/postmaster.pid" ]; then
		as_server "$pg_bin/pg_ctl" -D "$dir/data" -m "$2" -w -s stop >"$dir/stop.log" 2>&1
	fi
}

pg_down() {
	stop_server "$1" fast
}

pg_stop_hard() {
	stop_server "$1" immediate
}

pg_port() {
	cat "$TEST_DIR/$1/port"
}

pg_host() {
	echo "$socket_dir"
}

q() {
	"$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -h "$socket_dir" -p "$(pg_port "$1")" -U postgres -d "$2" -c "$3"
}

table_md5() {
	(
		set -o pipefail
		q "$1" "$2" "copy (select * from $3) to stdout" | LC_ALL=C sort | md5sum | cut -c 1-32
	)
}

same_table() {
	local a b

	a=$(table_md5 "$1" "$2" "$5") || a="cannot read $1"
	b=$(table_md5 "$3" "$4" "$5") || b="cannot read $3"
	is "$5: the same rows in $1 and $3" "$b" "$a"
}
