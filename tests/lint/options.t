#!/usr/bin/env bash
# Goal of this test: what options.def says a tool takes is what its --help-all shows, no more and no less,
# and --help without the rare ones, in lines that fit a terminal; and what it does not say is refused.
# Every option has its texts.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
export HOME=$TEST_DIR XDG_CONFIG_HOME=$TEST_DIR
table=${top_srcdir:-$tests_dir/..}/common/options.def

# Every row of options.def as "TOOLS;[-l, ]--na-me[ ARG]", in order.
rows() {
	local mask letter name argname

	sed -nE "s/^OPT\(([a-z0-9_]+), ('(.)'|0), [A-Z0-9]+, (NULL|\"[^\"]*\"), (NULL|\"([^\"]*)\"), ([A-Z_| ]+),\$/\7;\3;\1;\6/p" "$table" |
		while IFS=';' read -r mask letter name argname; do
			echo "$mask;${letter:+-$letter, }--${name//_/-}${argname:+ $argname}"
		done
}

# rows_of TOOL: those that this tool takes, without the first part; usual_of TOOL: the rare ones left out.
rows_of() {
	rows | sed -nE "s/^(.* )?OPT_(ALL|$1)( [^;]*)?;//p"
}
usual_of() {
	rows | grep -v '^[^;]*OPT_RARE' | sed -nE "s/^(.* )?OPT_(ALL|$1)( [^;]*)?;//p"
}

# names: --na-me out of each line.
names() {
	sed 's/.*--/--/; s/ .*//'
}

# help_of: the same out of --help.
help_of() {
	sed -nE '/^Options:/,/^$/s/^  (    |-., )(--[a-z0-9-]+( [^ ]+)?)( .*)?$/\1\2/p' "$TEST_DIR/out" | sed 's/^ *//'
}

# texts: name, help and manual text of every row, between tabs.
texts() {
	sed -nE '/^OPT\(/{N;N;s/^OPT\(([a-z0-9_]+),[^\n]*\n    "(.*)",\n    "(.*)"\)$/\1\t\2\t\3/p}' "$table"
}

is "every row of options.def is understood" "$(rows | wc -l)" "$(grep -c '^OPT(' "$table")"
is "every one has a help text and a manual text" "$(texts | wc -l)" "$(rows | wc -l)"
is "the help is no sentence" "$(texts | awk -F '\t' '$2 ~ /\.$/ || length($2) < 5')" ""
is "the manual text is one at least" "$(texts | awk -F '\t' '$3 !~ /[.]$/ || length($3) < 15')" ""
is "their names differ" "$(rows | names | sort | uniq -d)" ""

for program in export/gpm-export:EXPORT upload/gpm-push:PUSH import/gpm-import:IMPORT; do
	mask=${program#*:}
	program=${program%:*}
	tool=$(basename "$program")
	program=$build_dir/$program
	exits 0 "$tool --help-all" "$program" --help-all
	is "$tool: --help-all shows what options.def says" "$(help_of)" \
		"$(rows_of "$mask"; printf '%s\n' '-V, --version' '-?, --help' --help-all)"
	is "$tool: no line of it is longer than 80 columns" "$(grep -E '^.{81,}' "$TEST_DIR/out")" ""
	is "$tool: no blanks at a line's end" "$(grep -nE '[[:blank:]]$' "$TEST_DIR/out")" ""
	exits 0 "$tool --help" "$program" --help
	is "$tool: --help shows the same but for the rare ones" "$(help_of)" \
		"$(usual_of "$mask"; printf '%s\n' '-V, --version' '-?, --help' --help-all)"
	has "$tool: --help says where the rest is" "$TEST_DIR/out" "man $tool"
	is "$tool: there are rare ones" "$(test "$(usual_of "$mask" | wc -l)" -lt "$(rows_of "$mask" | wc -l)" && echo yes)" yes
	is "$tool: no letter stands for two options" "$(help_of | sed -n 's/^-\(.\), .*/\1/p' | sort | uniq -d)" ""
	is "$tool: no line of it is longer than 80 columns" "$(grep -E '^.{81,}' "$TEST_DIR/out")" ""
	is "$tool: nor are there more than 70" "$(sed -n '71,$p' "$TEST_DIR/out")" ""
	is "$tool: no blanks at a line's end" "$(grep -nE '[[:blank:]]$' "$TEST_DIR/out")" ""
	is "$tool: nothing on stderr" "$(cat "$TEST_DIR/err")" ""
	cp "$TEST_DIR/out" "$TEST_DIR/help"
	exits 0 "$tool -?" "$program" '-?'
	ok "$tool: -? is the same" cmp "$TEST_DIR/out" "$TEST_DIR/help"
	exits 0 "$tool --version" "$program" --version
	is "$tool: --version names it and its version" "$(sed -E 's/[0-9]+\.[0-9]+\.[0-9]+/N/' "$TEST_DIR/out")" \
		"$tool (gpm) N"
	cp "$TEST_DIR/out" "$TEST_DIR/version"
	exits 0 "$tool -V" "$program" -V
	ok "$tool: -V is the same" cmp "$TEST_DIR/out" "$TEST_DIR/version"

	exits 2 "$tool: an unknown option" "$program" --no-such-option
	has "$tool: is named" "$TEST_DIR/err" "--no-such-option"
	is "$tool: stdout stays empty" "$(cat "$TEST_DIR/out")" ""
	exits 2 "$tool: an unknown letter" "$program" -Z
	# an option of another tool is unknown as well
	foreign=
	for option in $(comm -23 <(rows | names | sort) <(rows_of "$mask" | names | sort)); do
		"$program" "$option" x >/dev/null 2>&1
		[ $? -eq 2 ] || foreign="$foreign $option"
	done
	is "$tool: options of the other tools are refused" "$foreign" ""
	# every one of its own that takes a value wants one
	silent=
	for option in $(rows_of "$mask" | sed -n 's/.*\(--[^ ]*\) .*/\1/p'); do
		"$program" "$option" >/dev/null 2>"$TEST_DIR/err"
		{ [ $? -eq 2 ] && grep -qF -e "$option" "$TEST_DIR/err"; } || silent="$silent $option"
	done
	is "$tool: an option without its value is refused and named" "$silent" ""
done
done_testing
