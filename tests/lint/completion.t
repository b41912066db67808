#!/usr/bin/env bash
# Goal of this test: what TAB offers for the three tools in bash: options, commands, values, files, runs.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

for tool in gpm-export gpm-push gpm-import; do
	# shellcheck source=/dev/null
	ok "$tool: the completion can be read" bash -c ". '$build_dir/common/completions/$tool'"
	# shellcheck source=/dev/null
	. "$build_dir/common/completions/$tool"
done

# offered LINE: what TAB at the end of LINE makes of its last word, one a line.  Words are parted as bash
# does it: at blanks, and before and after ':' and '='.
offered() {
	local parts part word reply kept
	COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=()

	read -ra parts <<<"$COMP_LINE"
	for part in "${parts[@]}"; do
		while [[ $part =~ ^([^:=]*)([:=]+)(.*)$ ]]; do
			[ -z "${BASH_REMATCH[1]}" ] || COMP_WORDS+=("${BASH_REMATCH[1]}")
			COMP_WORDS+=("${BASH_REMATCH[2]}")
			part=${BASH_REMATCH[3]}
		done
		[ -z "$part" ] || COMP_WORDS+=("$part")
	done
	[[ $COMP_LINE != *' ' ]] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	word=${COMP_WORDS[COMP_CWORD]}
	[[ $word != [:=]* ]] || word=
	"_${parts[0]//-/_}" "${parts[0]}" "$word" x
	# the word under the cursor is what bash replaces
	kept=${parts[-1]}
	[[ $COMP_LINE != *' ' ]] || kept=
	for reply in "${COMPREPLY[@]}"; do
		printf '%s\n' "${kept%"$word"}$reply"
	done | sort
}

# one line
offers() {
	is "$1" "$(offered "$1" | paste -sd ' ')" "$2"
}

if command -v shellcheck >/dev/null; then
	is "shellcheck" "$(shellcheck -f gcc "$build_dir"/common/completions/*)" ""
else
	echo "# skipped: there is no shellcheck on this host"
fi
is "it is registered" "$(complete -p gpm-push)" "complete -F _gpm_push gpm-push"

# --- options and commands
for tool in gpm-export gpm-push gpm-import; do
	is "$tool: all options" "$(offered "$tool --")" \
		"$("$tool" --help-all | sed -nE '/^Options:/,/^$/s/^ .{5}(--[a-z0-9-]+).*/\1/p' | sort)"
	"$tool" --help-all | sed -nE '/^Options:/,/^$/s/^  -([^?]), .*/\1/p' | sort >"$TEST_DIR/letters"
	is "$tool: all letters" "$(offered "$tool -" | sed -n 's/^-\([^-]\)$/\1/p')" "$(cat "$TEST_DIR/letters")"
done
offers "gpm-import --sch" "--schema-only"
offers "gpm-push --ke" "--keep --keep-runs"
offers "gpm-push --no-such" ""
offers "gpm-import " "cat check diff list load plan preflight report schema serve verify watch"
offers "gpm-import v" "verify"
offers "gpm-export p" "preflight"
offers "gpm-import --from file:///mnt l" "list load"
offers "gpm-import --full v" "verify"
offers "gpm-import load " ""
offers "gpm-import load --fu" "--full"
offers "gpm-import --dbname l" ""
offers "gpm-import -d l" ""
offers "gpm-import -j 4 --dbname=load l" "list load"

# --- values
offers "gpm-import --log-format " "greenplum json text"
offers "gpm-import --log-format te" "text"
offers "gpm-import --log-format=" "--log-format=greenplum --log-format=json --log-format=text"
offers "gpm-import --log-format=js" "--log-format=json"
offers "gpm-push --compress " "gzip: none zstd:"
offers "gpm-push --compress zs" "zstd:"
offers "gpm-push --compress zstd:" "zstd:"
offers "gpm-push --compress zstd:9 --ke" "--keep --keep-runs"
offers "gpm-export --jobs " ""
offers "gpm-export --table " ""
# what is offered is taken: any other word is refused, these are not
for line in "gpm-push --after-put" "gpm-push --s3-style" "gpm-push --log-format" "gpm-import --verify"; do
	read -r tool option <<<"$line"
	ok "$line: there are values" test "$(offered "$line " | wc -l)" -ge 2
	for value in $(offered "$line ") no-such-word; do
		case $tool in
		gpm-push) "$tool" "$option" "$value" --spool "$TEST_DIR" --to s3://bucket/x --endpoint-url http://127.0.0.1:9 ;;
		*) "$tool" list "$option" "$value" --from "file://$TEST_DIR" ;;
		esac >"$TEST_DIR/out" 2>&1 </dev/null
		echo "$value $(grep -c -e "$option" "$TEST_DIR/out")"
	done >"$TEST_DIR/answers"
	is "$line: these are all that there are" "$(grep -v ' 0$' "$TEST_DIR/answers")" "no-such-word 1"
done

# --- files, folders, buckets
mkdir -p "$TEST_DIR/d/spool" "$TEST_DIR/d/with blank" "$TEST_DIR/home"
touch "$TEST_DIR/d/spare.conf"
cd "$TEST_DIR/d" || exit 1
offers "gpm-push -c sp" "spare.conf spool"
offers "gpm-push --config=spa" "--config=spare.conf"
offers "gpm-push --spool s" "spool"
offers "gpm-push --spool $TEST_DIR/d/s" "$TEST_DIR/d/spool"
offers "gpm-push --spool w" "with blank"
offers "gpm-push --to " "file:/// s3://"
offers "gpm-push --to s" "s3://"
offers "gpm-push --to fi" "file:///"
offers "gpm-push --to file://$TEST_DIR/d/sp" "file://$TEST_DIR/d/spool/"
offers "gpm-push --to=file://$TEST_DIR/d/sp" "--to=file://$TEST_DIR/d/spool/"

# --- runs
for run in 20261120T231816Z-9f3a1c 20261121T000000Z-000001 20261121T-none lost+found; do
	mkdir "spool/$run" "$TEST_DIR/home/$run"
done
touch spool/20261121T000000Z-000002
both="20261120T231816Z-9f3a1c 20261121T000000Z-000001"
offers "gpm-push --spool spool --run " "$both"
offers "gpm-push --spool=spool --run " "$both"
offers "gpm-push --spool spool --run 20261121" "20261121T000000Z-000001"
offers "gpm-push --run 20261121" ""
HOME=$TEST_DIR/home offers "gpm-push --spool ~/ --run " "$both"
offers "gpm-import --from file://$TEST_DIR/d/spool load --run " "$both latest"
offers "gpm-import --from s3://bucket/x --run " "latest"
done_testing
