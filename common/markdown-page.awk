# markdown-page.awk -- FORMAT.md as a manual page, in mdoc.
#
#   awk -v page=NAME -v section=N -v date=DATE -v os=SYSTEM -f markdown-page.awk FILE.md >NAME.N
#
# Knows what FORMAT.md uses: #, ## and ### headings, paragraphs, lists with '-', tables, code indented by
# four blanks, **bold**, *emphasis*, `code`.  A table becomes a list: its first column has the words, each
# further column is a paragraph.  Code that is wider than a page is wrapped under its last column.
# Bytes, not characters, are looked at (LC_ALL=C): an UTF-8 character may be counted as several.

BEGIN {
	WIDTH = 74
	print ".Dd " date
	print ".Dt " toupper(page) " " section
	print ".Os " os
	print ".Sh NAME"
	print ".Nm " page
}

# For some characters roff shows others, which a shell would not take.
function literal(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	gsub(/~/, "\\(ti", text)
	gsub(/\^/, "\\(ha", text)
	gsub(/'/, "\\(aq", text)
	gsub(/`/, "\\(ga", text)
	gsub(/"/, "\\(dq", text)
	return text
}

# TEXT as it is, its names (file_name, --option, a/path) not to be hyphenated, only broken behind a comma.
function unbroken(text,   out, name) {
	out = ""
	while (match(text, /[^ ]*[^ ][_\/.:-][^ .,;)][^ ]*/)) {
		name = literal(substr(text, RSTART, RLENGTH))
		gsub(/,/, ",\\:", name)
		out = out literal(substr(text, 1, RSTART - 1)) "\\%" name
		text = substr(text, RSTART + RLENGTH)
	}
	return out literal(text)
}

# A '.' or "'" at a line's start would be a request.
function guarded(text) {
	return text ~ /^[.']/ ? "\\&" text : text
}

# TEXT as the words of a macro, none of which is a macro itself ("At", "Brq").
function words_of(text,   words, n, i, out) {
	n = split(inline(text), words, " ")
	out = ""
	for (i = 1; i <= n; i++)
		out = out (i > 1 ? " " : "") (words[i] ~ /^[A-Z][a-z][a-z]?$/ ? "\\&" : "") words[i]
	return out
}

# TEXT with **, * and ` turned into fonts; each sentence begins a line, as mdoc wants it.
function inline(text,   out, part, mark, end) {
	out = ""
	while (match(text, /\*\*|\*|`/)) {
		mark = substr(text, RSTART, RLENGTH)
		part = substr(text, RSTART + RLENGTH)
		end = index(part, mark)
		if (end < 2) { # not a pair: the character itself
			out = out literal(substr(text, 1, RSTART + RLENGTH - 1))
			text = part
			continue
		}
		out = out unbroken(substr(text, 1, RSTART - 1)) "\\f" (mark == "*" ? "I" : "B")
		out = out unbroken(substr(part, 1, end - 1)) "\\fR"
		text = substr(part, end + length(mark))
	}
	out = out unbroken(text)
	while (match(out, /[.?] [A-Z]/))
		out = substr(out, 1, RSTART) "\n" substr(out, RSTART + 2)
	return guarded(out)
}

# Ends what is open and begins WHAT: "text", "list", "table", "code", or nothing.
function become(what) {
	if (state == what)
		return
	if (paragraph != "") {
		print inline(paragraph)
		paragraph = ""
	}
	if (state == "list" || state == "table")
		print ".El"
	if (state == "code")
		print ".Ed"
	if (what == "text" && !fresh)
		print ".Pp"
	if (what == "list")
		print ".Bl -bullet"
	if (what == "table")
		print ".Bl -tag -width Ds"
	if (what == "code")
		print ".Bd -literal"
	state = what
	fresh = 0
}

function heading(macro, text) {
	become("")
	print macro " " words_of(text)
	fresh = 1
}

# LINE in at most WIDTH columns; what is too much stands under the last column, or further in.
function put_code(line,   hang, start, n, words, i, column) {
	if (length(line) <= WIDTH) {
		print guarded(literal(line))
		return
	}
	hang = 0
	for (i = 1; match(substr(line, i), /[^ ]  +/); i += RSTART + RLENGTH - 1)
		hang = i + RSTART + RLENGTH - 2
	start = substr(line, 1, hang)
	if (hang > WIDTH / 2 || hang == 0) {
		hang = 8
		sub(/ +$/, "", start)
		printf "%s", guarded(literal(start))
		column = start == "" ? 0 : WIDTH + 1
	} else {
		printf "%s", guarded(literal(start))
		column = hang
	}
	line = substr(line, length(start) + 1)
	sub(/^ +/, "", line)
	n = split(line, words, " ")
	for (i = 1; i <= n; i++) {
		if (column + 1 + length(words[i]) > WIDTH) {
			printf "\n%" hang "s", ""
			column = hang
		} else if (i > 1) {
			printf " "
			column++
		}
		printf "%s", literal(words[i])
		column += length(words[i])
	}
	print ""
}

# The cells of a row into CELLS; "\|" is a character of a cell.
function split_row(row, cells,   n, i) {
	gsub(/\\\|/, "\001", row)
	sub(/^\|[ ]*/, "", row)
	sub(/[ ]*\|[ ]*$/, "", row)
	n = split(row, cells, / *\| */)
	for (i = 1; i <= n; i++)
		gsub("\001", "|", cells[i])
	return n
}

function put_row(row,   cells, n, i) {
	n = split_row(row, cells)
	print ".It " words_of(cells[1])
	for (i = 2; i <= n; i++) {
		if (i > 2)
			print ".Pp"
		print inline(cells[i])
	}
}

/^# / {
	title = substr($0, 3)
	print ".Nd " words_of(tolower(substr(title, 1, 1)) substr(title, 2))
	heading(".Sh", "DESCRIPTION")
	next
}
/^## / {
	title = substr($0, 4)
	plain = match(title, /[("`]/) ? RSTART - 1 : length(title) # names stay as they are
	heading(".Sh", toupper(substr(title, 1, plain)) substr(title, plain + 1))
	next
}
/^### / {
	heading(".Ss", substr($0, 5))
	next
}
/^    / && state != "list" {
	# blank lines within code
	if (state == "code" && blanks)
		print ""
	become("code")
	blanks = 0
	put_code(substr($0, 5))
	next
}
/^[ ]*$/ {
	blanks = state == "code"
	if (state != "code")
		become("")
	next
}
/^\|/ {
	if (state != "table") {
		become("table") # its first line names the columns
		next
	}
	if ($0 !~ /^[-| :]*$/)
		put_row($0)
	next
}
/^- / {
	if (state == "list" && paragraph != "")
		print inline(paragraph)
	else
		become("list")
	print ".It"
	paragraph = substr($0, 3)
	next
}
{
	if (state != "list")
		become("text")
	sub(/^ +/, "")
	paragraph = paragraph (paragraph == "" ? "" : " ") $0
}

END {
	become("")
}
