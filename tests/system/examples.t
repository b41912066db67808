#!/usr/bin/env bash
# Goal of this test: every example of the manual pages works as it stands there, but for the names of hosts
# and places; so do those of --help, which are among them, and the gpm.conf that gpm.conf(5) shows.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

pg_up src
pg_up dst
fill_shop src 4000
q src shop "create schema crm; create table crm.customers (id int, name text);
	insert into crm.customers select i, 'n' || i from generate_series(1, 100) i;
	create table sales.tmp_load (a int)"

mkdir "$TEST_DIR/disk1" "$TEST_DIR/disk2"

# What an example names, and what there is here instead.
here() {
	sed -e "s|-h old-coordinator|-h $(pg_host src) -p $(pg_port src) -U postgres|" \
		-e "s|-h new-coordinator|-h $(pg_host dst) -p $(pg_port dst) -U postgres|" \
		-e "s|/var/spool/gpm|$spool|" \
		-e "s|file:///mnt/disk/shop|file://$bucket|" \
		-e "s|/media/disk|$TEST_DIR/disk|g" \
		-e "s|/etc/gpm/site|$TEST_DIR/site|g" \
		-e "s|s3://bucket/shop|file://$bucket|" \
		-e "s|/mnt/disk/shop/20261120T231816Z-9f3a1c|$bucket/$(newest_run "$bucket")|" \
		-e "s|20261120T231816Z-9f3a1c|$(newest_run "$spool" "$bucket")|"
}

# newest_run FOLDER…: of the runs that lie there.
newest_run() {
	find "$@" -mindepth 1 -maxdepth 1 -name '*T*Z-*' -printf '%f\n' 2>/dev/null | sort | tail -n 1
}

# literal SECTION PAGE: its literal lines, a line "--" before each block.
literal() {
	awk -v section="$1" '
		/^\.Sh / { inside = $0 == ".Sh " section }
		inside && /^\.Ed/ { block = 0 }
		inside && block
		inside && /^\.Bd -literal/ { block = 1; print "--" }' "$2" |
		sed 's/^\\&//; s/\\-/-/g; s/\\(aq/'\''/g; s/\\(dq/"/g; s/\\(ti/~/g; s/\\e/\\/g'
}

# commands PAGE: the examples, each in one line; of a line of a crontab what cron runs.
commands() {
	literal EXAMPLES "$1" | sed -e ':a' -e '/\\$/{N; s/ *\\\n */ /; ta' -e '}' |
		sed -E 's|^([0-9*/,-]+ ){5}||'
}

# resume EXAMPLE: the command after another export, of the same options, that a lock stopped.
resume() {
	local i

	new_places
	q src shop "begin; lock table sales.lines; select pg_sleep(600)" >/dev/null 2>&1 &
	for ((i = 0; i < 600; i++)); do
		[ "$(q src shop "select count(*) from pg_locks where relation = 'sales.lines'::regclass and granted")" = 0 ] || break
		sleep 0.1
	done
	exits 5 "an export that is interrupted" export_shop --chunk-size 64MB --lock-wait-timeout 1s
	q src shop "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(600)%'
		and pid <> pg_backend_pid()" >/dev/null
	wait
	exits 0 "goes on with the same command: $1" bash -c "$(here <<<"$1")"
	has "as it says" "$TEST_DIR/err" "run $(newest_run "$spool") goes on"
}

new_places() {
	rm -rf "$spool" "$bucket"
	mkdir "$bucket"
}

# Before a block of examples of PAGE: what the reader has at that point.
prepare() {
	fresh_warehouse
	case $1 in
	*gpm-push.1) export_shop -q --new-run || exit 1 ;; # something to push
	esac
}

for page in export/gpm-export.1 upload/gpm-push.1 import/gpm-import.1; do
	name=$(basename "$page")
	new_places
	case $name in
	gpm-import.1) export_shop -q && push_shop -q || exit 1 ;;
	esac
	ran=0
	while IFS= read -r line <&3; do
		case $line in
		--)
			unset GPM_SPOOL GPM_TO
			prepare "$page"
			;;
		'export '*) eval "$line" ;;
		GPM_*=*) eval "export $(here <<<"$line")" ;; # of a crontab
		*)
			exits 0 "$name: $line" bash -c "$(here <<<"$line")"
			ran=$((ran + 1))
			;;
		esac
	done 3< <(commands "$build_dir/$page")
	ok "$name: there are examples" test "$ran" -ge 5
	case $name in
	gpm-export.1) resume "$(commands "$build_dir/$page" | sed -n '/^--$/!{p;q}')" ;;
	gpm-push.1)
		exits 0 "$name: every run is sealed" gpm-import list --from "file://$bucket"
		hasnt "$name: none is open" "$TEST_DIR/out" " open "
		;;
	esac
done

# the last examples loaded a warehouse; another one, after all the examples have left what they leave
fresh_warehouse
ok "a load" load_shop -q
same_shop "all tables hold the same rows"

# the file that gpm.conf(5) shows
new_places
literal DESCRIPTION "$build_dir/common/gpm.conf.5" | sed '/^--$/d' | here >"$TEST_DIR/gpm.conf"
ok "gpm.conf: there is an example" test "$(grep -c = "$TEST_DIR/gpm.conf")" -ge 5
sed -i 's/"sales.log"/"sales.odd"/' "$TEST_DIR/gpm.conf"
exits 0 "gpm.conf: export" gpm-export -c "$TEST_DIR/gpm.conf" -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d shop
ok "gpm.conf: its spool is used" test -n "$(newest_run "$spool")"
has "gpm.conf: its log_format is used" "$TEST_DIR/err" '{"time":'
exits 0 "gpm.conf: push" gpm-push -c "$TEST_DIR/gpm.conf"
exits 0 "gpm.conf: import" gpm-import list -c "$TEST_DIR/gpm.conf" --from "file://$bucket"
has "gpm.conf: its exclude_table is used" "$(run_dir)/manifest.jsonl" '"exclude_table":["sales.tmp_*","sales.odd"]'
done_testing
