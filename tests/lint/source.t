#!/usr/bin/env bash
# Goal of this test: the source keeps the rules that no compiler sees.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
cd "${top_srcdir:-$tests_dir/..}" || exit 1
folders=(common export upload import)

# clean NAME COMMAND…: the command finds nothing; what it finds is what is wrong.
clean() {
	local name=$1

	shift
	is "$name" "$("$@")" ""
}

# without_comments FILE…: their lines as FILE:NUMBER:text, comments and the insides of strings left out.
without_comments() {
	awk '
	FNR == 1 { comment = 0 }
	{
		text = ""; n = length($0)
		for (i = 1; i <= n; i++) {
			c = substr($0, i, 1); two = substr($0, i, 2)
			if (comment) {
				if (two == "*/") { comment = 0; i++ }
			} else if (quote != "") {
				if (c == "\\") i++
				else if (c == quote) { quote = ""; text = text c }
			} else if (two == "/*") { comment = 1; i++ }
			else if (two == "//") break
			else {
				if (c == "\"" || c == "\047") quote = c
				text = text c
			}
		}
		quote = ""
		print FILENAME ":" FNR ":" text
	}' "$@"
}

mapfile -t c_files < <(find "${folders[@]}" tests -name '*.c' | sort)
mapfile -t h_files < <(find "${folders[@]}" tests -name '*.h' | sort)
mapfile -t scripts < <(
	find tests -path '*/unit/*' -prune -o '(' -name '*.t' -o -name '*.sh' ')' -print | sort
	for file in scripts/* .ci/*; do # .ci is not in the tarball
		[ -f "$file" ] && head -n 1 "$file" | grep -qE '^#(!.*|.*shellcheck shell=)\<(ba)?sh\>' && echo "$file"
	done
)
mapfile -t others < <(ls ./*.md configure.ac Makefile.am common/FORMAT.md common/*.def {export,upload,import}/*.md \
	{common,export,upload,import,tests}/local.mk)

is "there are files to look at" "$((${#c_files[@]} > 50 && ${#h_files[@]} > 30 && ${#scripts[@]} > 5))" 1

without_comments "${c_files[@]}" "${h_files[@]}" >"$TEST_DIR/bare"

banned=$(sed -n 's/^#undef //p' common/banned.h | paste -sd '|')
banned_calls() {
	grep -v '^common/banned.h:' "$TEST_DIR/bare" | grep -E ":.*(^|[^A-Za-z0-9_>.])($banned) *\("
}
is "functions are banned" "$(tr '|' '\n' <<<"$banned" | wc -l)" "$(grep -c '^#define .*) GPM_BANNED(' common/banned.h)"
clean "no banned function is called" banned_calls

first_includes() {
	for file in "${c_files[@]}"; do
		grep -m 1 '^#' "$file" | grep -qx '#include "prelude.h"' || echo "$file"
	done
	# and nothing but comments before it
	awk -F : '$1 ~ /\.c$/ && !seen[$1] && $3 !~ /^[[:blank:]]*$/ { seen[$1] = 1; if ($3 !~ /^#include/) print $1 ":" $2 }' \
		"$TEST_DIR/bare"
}
clean "every .c file includes prelude.h first" first_includes

clean "no blanks at a line's end" grep -nE '[[:blank:]]$' "${c_files[@]}" "${h_files[@]}" "${scripts[@]}" "${others[@]}"
clean "no tab behind a space at a line's start" grep -nP '^\t* +\t' "${c_files[@]}" "${h_files[@]}"
clean "no eight spaces at a line's start" grep -nE '^ {8}' "${c_files[@]}" "${h_files[@]}"
clean "no carriage return" grep -nP '\r' "${c_files[@]}" "${h_files[@]}" "${scripts[@]}" "${others[@]}"

last_bytes() {
	for file in "${c_files[@]}" "${h_files[@]}" "${scripts[@]}" "${others[@]}"; do
		[ "$(tail -c 1 "$file" | od -An -tx1)" = " 0a" ] || echo "$file"
	done
}
clean "every file ends with a newline" last_bytes

# The tools know common/, common/ knows none of them, and they do not know each other.
foreign_includes() {
	local folder file name

	for folder in "${folders[@]}"; do
		for file in "$folder"/*.[ch]; do
			sed -nE 's/^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*"([^"]+)".*/\1/p' "$file" | while read -r name; do
				[ "$name" = config.h ] || [ -f "common/$name" ] || [ -f "$folder/$name" ] || echo "$file: $name"
			done
		done
	done
}
clean "includes come from the same folder or from common/" foreign_includes
clean "no file name stands in two folders" \
	bash -c 'printf "%s\n" "$@" | grep -E "^(common|export|upload|import)/.*\.h$" | sed "s,.*/,," | sort | uniq -d' - "${h_files[@]}"

clean "every test can be run" find tests -path '*/unit/*' -prune -o -name '*.t' ! -perm -u+x -print

if command -v shellcheck >/dev/null; then
	# Without -x, which looks at lib.sh anew for each of them.  SC2154 does not see what read, traps and other files
	# assign (set -u does), SC2034 not what other files use.
	clean "shellcheck" shellcheck -S warning -e SC1091,SC2034,SC2154 -f gcc "${scripts[@]}"
else
	echo "# skipped: there is no shellcheck on this host"
fi
done_testing
