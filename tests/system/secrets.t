#!/usr/bin/env bash
# Goal of this test: a whole migration with every message at debug, tools that are aborted where cores are asked for, and all
# that is left of it: no secret is in a message, an argument list, another process's environment, a core, a spool, a manifest,
# the bucket or the destination.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../rgw.sh"
. "$(dirname "$0")/fixture.sh"

# of a tool that leaves no core only root can read the environment
[ "$(id -u)" -eq 0 ] || skip_all "only root can look at the environment of the tools"

rgw_up
s3_env
export HOME=$TEST_DIR
url=s3://test/warehouse
secrets=$TEST_DIR.secrets said=$TEST_DIR/said seen=$TEST_DIR/seen
watcher=
end_watch() {
	rm -f "$secrets" "$TEST_DIR.pgpass" "$TEST_DIR.master" "$TEST_DIR.sign"*
	kill "$watcher" 2>/dev/null
}
at_end end_watch
mkdir "$said"

# --- secrets of every kind, in files outside of what is searched

password=pw$(openssl rand -hex 12)
pg_up src
pg_up dst
fill_shop src 8000
for name in src dst; do
	q "$name" postgres "create role mover superuser login password '$password'"
	sed -i '1i local all mover scram-sha-256' "$TEST_DIR/$name/data/pg_hba.conf"
	q "$name" postgres "select pg_reload_conf()" >/dev/null
done
q dst postgres "create database warehouse"
export PGPASSFILE=$TEST_DIR.pgpass AWS_SHARED_CREDENTIALS_FILE=$TEST_DIR.aws
(umask 077 && echo "*:*:*:mover:$password" >"$PGPASSFILE" &&
	printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$rgw_access" "$rgw_secret" >"$AWS_SHARED_CREDENTIALS_FILE")
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
ok "keys of gpm's own" gpm-push keygen --encrypt-key "$TEST_DIR.master" --sign-key "$TEST_DIR.sign"
{
	echo "$password"
	echo "$rgw_secret"
	cat "$TEST_DIR.master"
	sed '/^-/d' "$TEST_DIR.sign"
	head -n 1 "$TEST_DIR.master" | xxd -r -p 2>/dev/null | base64
} | sed '/^$/d' >"$secrets"
ok "there are five" test "$(wc -l <"$secrets")" -ge 4
has "they would be found" "$AWS_SHARED_CREDENTIALS_FILE" "$(sed -n 2p "$secrets")"

# watch: argument lists and environments of the tools and of what they start, for as long as it runs.  pg_dump gets the
# database's password by PGPASSWORD, which the same user and root can read, as they can its file.
watch() {
	local process program

	while :; do
		for process in /proc/[0-9]*; do
			read -rd '' program <"$process/cmdline" || continue
			case ${program##*/} in
			gpm-export | gpm-push | gpm-import | pg_dump | pg_dumpall) ;;
			*) continue ;;
			esac
			grep -qzFx "HOME=$TEST_DIR" "$process/environ" || continue # of another test, which has the same key in its environment
			tr '\0' ' ' <"$process/cmdline" && echo && tr '\0' '\n' <"$process/environ" | grep -v '^PGPASSWORD='
		done
	done 2>/dev/null >>"$seen"
}
watch &
watcher=$!

# step NAME STATUS COMMAND…: what it says is kept
steps=0
step() {
	local name=$1 status=$2

	shift 2
	exits "$status" "$name" "$@"
	steps=$((steps + 1))
	cp "$TEST_DIR/out" "$said/out.$steps"
	cp "$TEST_DIR/err" "$said/err.$steps"
}
from=(-h "$(pg_host src)" -p "$(pg_port src)" -U mover -d shop)
into=(-h "$(pg_host dst)" -p "$(pg_port dst)" -U mover -d warehouse)
loud=(-v --log-format json)
keys=(--encrypt-key "$TEST_DIR.master" --sign-key "$TEST_DIR.sign")
lock=(--encrypt-key "$TEST_DIR.master" --trusted-keys "$TEST_DIR.sign.pub" --from "$url")
step "preflight of the export" 0 gpm-export preflight "${from[@]}" --spool "$spool" "${loud[@]}"
step "export" 0 gpm-export "${from[@]}" --spool "$spool" --jobs 4 "${loud[@]}"
step "with a wrong password" 1 env PGPASSFILE=/nowhere PGPASSWORD=wrong gpm-export preflight "${from[@]}" --spool "$spool" "${loud[@]}"

# --- aborts

rgw_freeze
cores=$TEST_DIR/cores
mkdir "$cores"
# abort NAME PID: it is aborted, once it holds its secrets
abort() {
	local status=0

	sleep 1
	kill -ABRT "$2"
	wait "$2" || status=$?
	is "$1 is aborted" "$status" 134
	is "$1 leaves no core" "$(find "$cores" -type f)" ""
}
can_dump() {
	local pid

	(ulimit -c unlimited && cd "$cores" && exec sleep 30) &
	pid=$!
	sleep 0.2
	kill -ABRT "$pid"
	wait "$pid" 2>/dev/null
	find "$cores" -type f | grep -q .
}
if can_dump 2>/dev/null; then
	rm -f "$cores"/core*
	(ulimit -c unlimited && cd "$cores" && exec gpm-push --spool "$spool" --to "$url" "${keys[@]}" "${loud[@]}" >"$said/abort.1" 2>&1) &
	abort gpm-push $! 2>/dev/null
	(ulimit -c unlimited && cd "$cores" && exec gpm-import list --from "$url" "${loud[@]}" >"$said/abort.2" 2>&1) &
	abort gpm-import $! 2>/dev/null
	q src shop "begin; lock table sales.odd; select pg_sleep(4)" >/dev/null &
	sleep 0.5
	(ulimit -c unlimited && cd "$cores" && exec gpm-export "${from[@]}" --spool "$TEST_DIR/spool.2" "${loud[@]}" >"$said/abort.3" 2>&1) &
	abort gpm-export $! 2>/dev/null
	wait %q 2>/dev/null
else
	ok "# SKIP cores are not written into files here" true
fi
kill -CONT "$(rgw_pid client.rgw)"

# --- the rest of the way

step "preflight of the push" 0 gpm-push preflight --to "$url" "${keys[@]}" "${loud[@]}"
step "a push with a wrong secret" 1 env AWS_ACCESS_KEY_ID="$rgw_access" AWS_SECRET_ACCESS_KEY=wrongSecret gpm-push --spool "$spool" --to "$url" "${keys[@]}" "${loud[@]}"
step "push" 0 gpm-push --spool "$spool" --to "$url" "${keys[@]}" --metrics-file "$said/metrics.prom" "${loud[@]}"
step "status" 0 gpm-push status --spool "$spool" --json
step "list" 0 gpm-import list --from "$url" "${loud[@]}"
step "verify" 0 gpm-import verify --full "${lock[@]}" "${loud[@]}"
step "a plan for others to run" 0 gpm-import plan "${lock[@]}" --method file_fdw
step "load" 0 gpm-import load "${lock[@]}" "${into[@]}" --jobs 4 --verify content "${loud[@]}"
step "report" 0 gpm-import report "${lock[@]}" "${into[@]}" --format json --html "$said/report.html" "${loud[@]}"
kill "$watcher"
wait "$watcher" 2>/dev/null
ok "debug messages were written" grep -q '"debug"\|debug' "$said/err.2"
ok "processes were seen" grep -q 'gpm-export.*--spool' "$seen"
ok "what they started, too" grep -q 'pg_dump' "$seen"

# --- all that is left

mkdir "$TEST_DIR/objects"
fetch() {
	local key n=0

	while read -r key _; do
		n=$((n + 1))
		"$build_dir/tests/unit/store-probe" "$url" get "$key" >"$TEST_DIR/objects/$n" || return
	done < <("$build_dir/tests/unit/store-probe" "$url" list '' -r)
	[ "$n" -gt 10 ]
}
ok "every object of the bucket" fetch
ok "the destination" sh -c "'$pg_bin/pg_dump' -h '$(pg_host dst)' -p '$(pg_port dst)' -U postgres warehouse >'$TEST_DIR/dump.sql'"
find_secrets() { # FOLDER…
	grep -rlaFf "$secrets" "$@"
}
is "no secret in a message" "$(find_secrets "$said")" ""
is "none in an argument list or an environment" "$(find_secrets "$seen")" ""
is "none in the spool" "$(find_secrets "$spool")" ""
is "none in the bucket" "$(find_secrets "$TEST_DIR/objects")" ""
is "none in the destination" "$(find_secrets "$TEST_DIR/dump.sql")" ""
is "none in a core" "$(find_secrets "$cores")" ""
rm -f "$AWS_SHARED_CREDENTIALS_FILE"
done_testing
