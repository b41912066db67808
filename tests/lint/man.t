#!/usr/bin/env bash
# Goal of this test: the manual pages are well formed, fit 80 columns, tell of every option, command, key and
# exit status, and of none that there is not; the versions that are written down in several places agree.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
source_dir=$(cd "${top_srcdir:-$tests_dir/..}" && pwd)
pages=(export/gpm-export.1 upload/gpm-push.1 import/gpm-import.1 common/gpm.conf.5 common/gpm-format.5)
cd "$build_dir" || exit 1

# plain PAGE: its source with options as they are typed, "--spool", one request or line of text a line.
plain() {
	sed 's/\\[%:]//g; s/\\f[BIR]//g; s/\\-/-/g; s/\\&//g; /^\.It /s/ , Fl / , \n.Fl /g; s/Fl -/Fl --/g' "$1"
}

# section PAGE NAME: its lines, without the heading.
section() {
	plain "$1" | sed -n "/^\.Sh $2\$/,/^\.Sh /p" | grep -v '^\.Sh '
}

# all_options TOOL: every --name that it has.
all_options() {
	"$1" --help-all | sed -nE '/^Options:/,/^$/s/^ .{5}(--[a-z0-9-]+).*/\1/p' | sort
}

is "every page is there" "$(ls "${pages[@]}" 2>&1)" "$(printf '%s\n' "${pages[@]}" | sort)"

# --- what a reader of roff says
if command -v mandoc >/dev/null; then
	for page in "${pages[@]}"; do
		is "$page: mandoc warns of nothing" "$(mandoc -T lint -W warning "$page" 2>&1)" ""
		mandoc -T utf8 -O width=78 "$page" | sed 's/.\x08//g' >"$TEST_DIR/page"
		# but for a single word, which mandoc does not break where groff does
		is "$page: no line is wider than 80 columns" "$(grep -E '^.{81,}' "$TEST_DIR/page" | grep -E '[^ ] +[^ ]')" ""
		is "$page: no marker, font or character is left over" \
			"$(grep -nE '@[A-Z_]+@|\\f|\\\(|\*\*' "$TEST_DIR/page")" ""
	done
else
	echo "# skipped: there is no mandoc on this host, so warnings and widths are not looked at"
fi

# an unescaped '-' is shown as a hyphen by some, which a shell does not take
for page in "${pages[@]}"; do
	is "$page: what is to be typed can be pasted" \
		"$(grep -nvE '^\.(B[ld] |\\")' "$page" | grep -E '(^[0-9]+:|[^\A-Za-z0-9])-[-A-Za-z]|^[0-9]+:[^.].*gpm-')" ""
done

# --- options, commands, keys, exit status
for tool in gpm-export gpm-push gpm-import; do
	page=$(printf '%s\n' "${pages[@]}" | grep "/$tool\.1\$")
	is "$tool: OPTIONS has what --help-all shows" \
		"$(section "$page" OPTIONS | sed -nE 's/^\.(It )?Fl (--[a-z0-9-]+).*/\2/p' | sort)" "$(all_options "$tool")"
	# shellcheck disable=SC2046 # the commands are words
	is "$tool: COMMANDS has every command" "$(section "$page" COMMANDS | sed -n 's/^\.It Cm //p' | sort -u)" \
		"$(printf '%s\n' $(sed -n "s/.*commands='\([^']*\)'.*/\1/p" "common/completions/$tool") | sort)"
	section "$page" EXAMPLES | grep -v '^\.' | sed -E ':a; / \\e$/{N; s/ \\e\n +/ /; ta}' >"$TEST_DIR/examples"
	has "$tool: the examples of --help are there" "$TEST_DIR/examples" \
		"$("$tool" --help | sed -n '/^Examples:/,/^$/s/^  //p' | head -n 1)"
	is "$tool: exit status" "$(section "$page" 'EXIT STATUS' | sed -n 's/^\.It \([0-9]*\).*/\1/p')" \
		"$(sed -nE 's/^ERR\([A-Z_]+, +([0-9]+),.*/\1/p' "$source_dir/common/err.def" | sort -nu)"
	for name in NAME SYNOPSIS DESCRIPTION COMMANDS OPTIONS ENVIRONMENT FILES 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
		[ -n "$(section "$page" "$name")" ] || echo "$name"
	done >"$TEST_DIR/missing"
	is "$tool: no section is missing or empty" "$(cat "$TEST_DIR/missing")" ""
done
is "gpm.conf: KEYS has every option but --config" "$(section common/gpm.conf.5 KEYS | sed -nE 's/^\.It Cm ([a-z0-9_]+) No =.*/\1/p')" \
	"$(sed -nE 's/^OPT\(([a-z0-9_]+),.*/\1/p' "$source_dir/common/options.def" | grep -vx config)"

{
	for tool in gpm-export gpm-push gpm-import; do
		all_options "$tool"
	done
} | sort -u >"$TEST_DIR/options"
for page in "${pages[@]}"; do
	is "$page: every option that it names is one" \
		"$(plain "$page" | grep -oE '(^|[^-A-Za-z0-9])--[a-z][a-z0-9-]*' | grep -oE -e '--.*' | sort -u | comm -23 - "$TEST_DIR/options")" ""
	is "$page: every page of ours that it names is one" \
		"$(sed -nE 's/^\.Xr (gpm[^ ]*) ([0-9]).*/\1.\2/p' "$page" | sort -u | comm -23 - <(printf '%s\n' "${pages[@]##*/}" | sort))" ""
done
# "gpm-import verify" in an example or a literal text; without a command an option follows
for page in "${pages[@]}"; do
	plain "$page" | sed -n '/^\.Bd /,/^\.Ed/p' | grep -oE 'gpm-(export|push|import) [a-z][a-z-]*' || :
done | sort -u >"$TEST_DIR/used"
while read -r tool command; do
	grep -q "commands='\(.* \)*${command}[ ']" "common/completions/$tool" || echo "$tool $command"
done <"$TEST_DIR/used" >"$TEST_DIR/unknown"
is "commands are used" "$(test -s "$TEST_DIR/used" && echo yes)" yes
is "every command in an example is one" "$(cat "$TEST_DIR/unknown")" ""

# --- gpm-format is FORMAT.md
format=$source_dir/common/FORMAT.md
is "gpm-format has every heading" "$(grep -c '^\.S[hs] ' common/gpm-format.5)" $(($(grep -c '^##* ' "$format") + 1))
is "gpm-format has every row of every table" "$(grep -c '^\.It ..*' common/gpm-format.5)" \
	"$(($(grep -c '^| ' "$format") - $(grep -c '^|--*|' "$format")))"
is "gpm-format has every item of every list" "$(grep -c '^\.It$' common/gpm-format.5)" "$(grep -c '^- ' "$format")"
# the same words in the same order, whatever is around them
words() {
	tr -cs 'A-Za-z0-9' '\n' | tr 'A-Z' 'a-z' | sed '/^$/d'
}
sed -E '/^\|--*\|/d; /^\| (word|record) /d; /^\| record/d; s/^#+ //' "$format" | words >"$TEST_DIR/want"
plain common/gpm-format.5 | sed -E '1,/^\.Nm /d; /^\.Sh DESCRIPTION/d; s/^\.[A-Z][a-z]( |$)//; s/^-(literal|bullet|tag -width Ds)$//; s/\\\((aq|ha|dq|ga|ti)|\\e|-$/ /g' |
	words >"$TEST_DIR/got"
is "gpm-format has all the words" "$(diff "$TEST_DIR/want" "$TEST_DIR/got")" ""

# --- versions
version=$(gpm-push --version | sed 's/.* //')
has "NEWS.md tells of this version" "$source_dir/NEWS.md" "## $version"
has "the Debian package has this version" "$source_dir/scripts/debian/changelog" "gpm-warehouse ($version)"
for page in "${pages[@]}"; do
	has "$page: has this version" "$page" ".Os gpm $version"
done
done_testing
