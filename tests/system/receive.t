#!/usr/bin/env bash
# Goal of this test: gpm-export receive, on hosts other than the export's, takes the rows of segments (tests/receiver_sim.py) under
# URLs that gpm-export signed, and under no others; gpm-push --host-part and --seal make a run of them that is equal by
# content; what a failed attempt or a dead receiver left behind is never taken for rows.
#
# The run's journal is made from a run of COPY (pieces-probe); a real Greenplum, and the URLs of gpm-export, are in
# greenplum-receive.t.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
probe=$build_dir/tests/unit/pieces-probe
key=$TEST_DIR/key
export TMPDIR=$TEST_DIR
(umask 077 && od -An -tx1 -N32 /dev/urandom | tr -d ' \n' >"$key")

# receiver_up NAME [OPTION…]: $NAME is its folder, "$TEST_DIR/NAME.port" holds its port
receiver_up() {
	local name=$1 port

	shift
	[ -s "$TEST_DIR/$name.port" ] || free_port >"$TEST_DIR/$name.port"
	port=$(<"$TEST_DIR/$name.port")
	gpm-export receive --listen "127.0.0.1:$port" --segment-dir "$TEST_DIR/$name" --receive-key "$key" "$@" >>"$TEST_DIR/$name.log" 2>&1 &
	echo $! >"$TEST_DIR/$name.pid"
	until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
		kill -0 $! 2>/dev/null || return 1
		sleep 0.05
	done
}
receiver_down() { # NAME [SIGNAL]
	local pid

	pid=$(<"$TEST_DIR/$1.pid")
	kill "-${2:-TERM}" "$pid"
	wait "$pid" 2>/dev/null
}
address() { echo "127.0.0.1:$(<"$TEST_DIR/$1.port")"; }
sim() { python3 "$tests_dir/receiver_sim.py" "$@"; }
url() { sim url "$(address "$1")" "${3:-$key}" "$2"; } # NAME PIECE [KEY]
name() { echo "gpm-20261120T231816Z-9f3a1c-000001-sales.lines-a$1-${2:-0}.csv"; }
bytes() { cat "$TEST_DIR/$1/$2" 2>/dev/null; }

# --- what it does not start with

free_port >"$TEST_DIR/none.port"
receive() { gpm-export receive --listen "$(address none)" --segment-dir "$TEST_DIR/none" "$@"; }
exits 2 "without a key" receive
has "it is told how to make one" "$TEST_DIR/err" "openssl rand -hex 32"
echo short >"$TEST_DIR/short" && chmod 600 "$TEST_DIR/short"
exits 1 "a short key" receive --receive-key "$TEST_DIR/short"
cp "$key" "$TEST_DIR/open" && chmod 644 "$TEST_DIR/open"
exits 1 "a key that others can read" receive --receive-key "$TEST_DIR/open"
exits 2 "without a port" gpm-export receive --listen 127.0.0.1 --segment-dir "$TEST_DIR/none" --receive-key "$key"
exits 2 "without an address" gpm-export receive --segment-dir "$TEST_DIR/none" --receive-key "$key"
exits 2 "without a folder" gpm-export receive --listen "$(address none)" --receive-key "$key"

# --- what it takes

receiver_up r
is "a receiver" $? 0
seq 1 20000 | sed 's/$/,"a ""b""\nc"/' >"$TEST_DIR/rows"
ok "rows of segments on a bad network" sim send "$(address r)" "$key" "$(name 1)" "$TEST_DIR/rows" 1
is "arrive each once" "$(bytes r "$(name 1)" | LC_ALL=C sort | md5sum)" "$(LC_ALL=C sort "$TEST_DIR/rows" | md5sum)"
is "nobody else can read them" "$(stat -c %a "$TEST_DIR/r/$(name 1)")" 600
is "another segment that opens the same" "$(sim post "$(url r "$(name 1)")" 1 9-0000000009)" 409
other=$TEST_DIR/other
(umask 077 && od -An -tx1 -N32 /dev/urandom | tr -d ' \n' >"$other")
is "a URL that was signed by another key" "$(sim post "$(url r "$(name 2)" "$other")" 1)" 404
is "no token" "$(sim post "gpfdist://$(address r)/$(name 2)" 1)" 404
is "a token of another piece" "$(sim post "$(url r "$(name 2)" | sed 's/-a2-/-a3-/')" 1)" 404
for bad in ../../evil mine.csv gpm-x.csv "$(name 1 | sed 's/.csv//')" "$(name 1 | sed 's/-a1//')"; do
	is "signed, but no piece: $bad" "$(sim post "$(url r "$bad")" 1)" 404
done
is "none of them left a file" "$(cd "$TEST_DIR/r" && echo ./*)" "./$(name 1)"
is "whether it can be reached" "$(sim post "$(url r reach-0123456789abcdef-0)" 1)" 200
is "leaves none either" "$(cd "$TEST_DIR/r" && echo ./*)" "./$(name 1)"

is "one whose end is safe" "$(sim end "$(url r "$(name 1 1)")" "1,x")" 200
is "or is not" "$(sim end "$(url r "$(name 1 2)")" "1,x" "$TEST_DIR/r/$(name 1 2)")" 500
rm "$TEST_DIR/r/$(name 1 1)"

# --- attempts that fail

ok "an attempt that breaks off" sim begin "$(url r "$(name 2)")" "1,gone"
is "it takes the place of the one before" "$(cd "$TEST_DIR/r" && echo ./*)" "./$(name 2)"
is "whose URL is none any more" "$(sim post "$(url r "$(name 1)")" 1 9-0000000009)" "404"
ok "the next" sim send "$(address r)" "$key" "$(name 3)" "$TEST_DIR/rows" 2
is "throws its rows away" "$(cd "$TEST_DIR/r" && echo ./*)" "./$(name 3)"
is "and has its own" "$(bytes r "$(name 3)" | LC_ALL=C sort | md5sum)" "$(LC_ALL=C sort "$TEST_DIR/rows" | md5sum)"
ok "the same table's other piece" sim begin "$(url r "$(name 4 1)")" "1,x"
is "is another file" "$(cd "$TEST_DIR/r" && find . -type f | wc -l)" 2

# --- a receiver that dies

ok "a piece that is under way" sim begin "$(url r "$(name 5)")" "1,half"
receiver_down r KILL
receiver_up r
is "the receiver is killed, and started again" $? 0
is "the segment goes on" "$(sim post "$(url r "$(name 5)")" 3)" 404
is "or begins anew" "$(sim post "$(url r "$(name 5)")" 1)" 404
has "it is told why not" "$TEST_DIR/r.log" "refused, it was begun before this receiver was started"
ok "the next attempt is taken" sim send "$(address r)" "$key" "$(name 6)" "$TEST_DIR/rows" 3
is "what the dead one left is gone" "$(cd "$TEST_DIR/r" && find . -name '*-0.csv')" "./$(name 6)"
rm "$TEST_DIR/r/$(name 6)"
is "rows for a file that was stored and removed" "$(sim post "$(url r "$(name 6)")" 1 9-0000000009)" 409
receiver_down r
is "it ends at a signal" "$?" 143

# --- room

mkdir "$TEST_DIR/s"
head -c 900 /dev/zero >"$TEST_DIR/s/$(name 1 7)"
receiver_up s --spool-limit 1KB
is "a receiver with little room" $? 0
sim begin "$(url s "$(name 1)")" "$(printf '%0200d' 1)" &
until grep -q 'is full; waiting for gpm-push --host-part' "$TEST_DIR/s.log"; do
	sleep 0.05
done
ok "a body waits" test ! -s "$TEST_DIR/s/$(name 1)"
rm "$TEST_DIR/s/$(name 1 7)"
wait $!
is "until there is room" $? 0
is "and is taken" "$(wc -c <"$TEST_DIR/s/$(name 1)")" 201
sim begin "$(url s "$(name 2)")" "$(printf '%02000d' 1)" 2>/dev/null &
until [ "$(grep -c 'is full; waiting for gpm-push --host-part' "$TEST_DIR/s.log")" = 2 ]; do
	sleep 0.05
done
is "the next attempt does not wait until one gives up that has no room" "$(sim post "$(url s "$(name 3)")" 1)" 200
wait $!
is "that one ends" $? 1
receiver_down s

# --- a run

pg_up src
pg_up dst
fill_shop src 30000
copied=$TEST_DIR/copied
ok "a run" gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d shop --spool "$copied" --chunk-size 32KB
id=$(basename "$copied"/2*)
mkdir -p "$TEST_DIR/left" "$spool"
ok "is laid out in pieces" "$probe" "$copied/$id" "$spool/$id" "$TEST_DIR/left" gpfdist 0 a=0 'host "b"=1'
cp -r "$copied/$id/schema" "$spool/$id"
rm -f "$TEST_DIR/left"/*sales.one_column*-1.csv
receiver_up a
is "two receivers" $? 0
receiver_up b
is "of them" $? 0
sent=
for file in "$TEST_DIR/left"/*; do
	piece=$(basename "$file")
	to=a
	[[ $piece == *-1.csv ]] && to=b
	[ ! -s "$file" ] || sim send "$(address "$to")" "$key" "$piece" "$file" 4 2>>"$TEST_DIR/sent" || sent="$sent $piece"
done
is "take all pieces" "$sent" ""
exits 0 "the export's host" push_shop
exits 5 "no seal without the receivers' parts" push_shop --seal
host_part() { push_shop --host-part "$1" --segment-dir "$TEST_DIR/$2"; }
exits 0 "one receiver's part" host_part a a
exits 0 "the other's" host_part 'host "b"' b
exits 0 "seal" push_shop --seal
exits 0 "verify" verify_shop --full
is "nothing is left at the receivers" "$(find "$TEST_DIR/a" "$TEST_DIR/b" -type f)" ""
receiver_down a
receiver_down b
q dst postgres "create database warehouse"
exits 0 "load" load_shop --verify content
same_shop "every table is the same"

rm -rf "${bucket:?}"/* "$spool" "$TEST_DIR/left" "$TEST_DIR"/[ab]
mkdir -p "$TEST_DIR/left" "$spool"
"$probe" "$copied/$id" "$spool/$id" "$TEST_DIR/left" gpfdist 0 a=0 b=1
cp -r "$copied/$id/schema" "$spool/$id"
lines=$(printf '%s\n' "$TEST_DIR/left"/*sales.lines*-0.csv)
sed -i '$d' "$lines"
push_shop -q
push_shop -q --host-part a --segment-dir "$TEST_DIR/left"
push_shop -q --host-part b --segment-dir "$TEST_DIR/left"
exits 4 "a row that a receiver did not get" push_shop --seal
has "is missed" "$TEST_DIR/err" "the server counted 30000"
done_testing
