# shellcheck shell=bash
# session.sh -- sessions in dst's warehouse that a test holds open beside the tools.  Comes after lib.sh.
#
#   speak N          begin session N (7 or 8; its application_name is sessionN): what is written to file
#                    descriptor N is what it does, in order
#   silent N         its end, waited for; its output is in $TEST_DIR/session.N
#   signal_session SIGNAL PID     to a server's process
#   until_true SQL   polls the warehouse, for at most a minute
#
# What is started in the background while a session is open is given 7>&- 8>&-, or the session would not end.

declare -A speaker
speak() {
	mkfifo "$TEST_DIR/fifo.$1"
	PGAPPNAME=session$1 "$pg_bin/psql" -XAtq -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse \
		<"$TEST_DIR/fifo.$1" >"$TEST_DIR/session.$1" 2>&1 7>&- 8>&- &
	speaker[$1]=$!
	eval "exec $1>'$TEST_DIR/fifo.$1'"
	rm "$TEST_DIR/fifo.$1"
}

silent() {
	eval "exec $1>&-"
	wait "${speaker[$1]}"
}

signal_session() {
	kill "-$1" "$2" 2>/dev/null || as_server kill "-$1" "$2"
}

until_true() {
	local i

	for ((i = 0; i < 600; i++)); do
		[ "$(q dst warehouse "$1" 2>/dev/null)" = t ] && return
		sleep 0.1
	done
	return 1
}
