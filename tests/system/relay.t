#!/usr/bin/env bash
# Goal of this test: gpm-push relay brings runs as they are from folders, buckets and carried disks to others: compared on the way, the root manifest
# last, started again after any death, disk by disk; a volume that was lost is written again, and only it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../rgw.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/tamper.sh"

command -v bsdtar >/dev/null || skip_all "there is no bsdtar on this host"
pg_up src
fill_shop src 8000
work=$TEST_DIR/work # of the relay
relay() { gpm-push relay --spool "$work" "$@"; }
verify() { gpm-import verify --full --from "$1" "${@:2}"; }
files() { (cd "$1" && find . -type f | sort); }
fresh() {
	rm -rf "$work" "$@"
	mkdir -p "$@"
}
same() { ok "$1" diff -r "$2" "$3"; }

ok "export" export_shop -q
ok "push into a folder" push_shop -q
run=$(basename "$(run_dir)")
there=$TEST_DIR/there
disks=$TEST_DIR/disks
fresh "$there" "$disks"

# --- folder to folder

exits 2 "without --from" relay --to "file://$there"
exits 2 "without --spool" gpm-push relay --from "file://$bucket" --to "file://$there"
exits 2 "to itself" relay --from "file://$bucket" --to "file://$bucket"
exits 2 "a lost volume of a folder" relay --from "file://$bucket" --to "file://$there" --run "$run" --lost-volume 1
exits 0 "from folder to folder" relay --from "file://$bucket" --to "file://$there"
has "is told" "$TEST_DIR/err" "run $run is relayed"
same "the same" "$bucket" "$there"
find "$there" -type f -exec stat -c '%n %i' {} + | sort >"$TEST_DIR/inodes"
exits 0 "again" relay --from "file://$bucket" --to "file://$there"
has "it is there" "$TEST_DIR/err" "run $run is there already"
is "nothing is written again" "$(find "$there" -type f -exec stat -c '%n %i' {} + | sort | diff "$TEST_DIR/inodes" -)" ""
rm "$there/$run/manifest.jsonl"
object=$(cd "$there/$run" && find data -type f | sort | head -n 1)
rm "$there/$run/$object"
exits 0 "without the root manifest and one object" relay --from "file://$bucket" --to "file://$there"
same "both come again" "$bucket" "$there"
is "and the root manifest last" "$(cd "$there/$run" && find . -type f -newer SHA256SUMS | sort)" "./$object
./manifest.jsonl"
find "$there" -type f ! -name manifest.jsonl ! -name "$(basename "$object")" -exec stat -c '%n %i' {} + | sort >"$TEST_DIR/inodes.now"
is "nothing else" "$(grep -vxFf "$TEST_DIR/inodes" "$TEST_DIR/inodes.now")" ""
rm "$there/$run/manifest.jsonl"
rm -rf "$work"
mv "$bucket/$run/$object" "$TEST_DIR/object"
exits 0 "the journal is lost, and the source lacks what is there" relay --from "file://$bucket" --to "file://$there"
rm "$there/$run/manifest.jsonl"
rm -rf "$work"
printf X | dd of="$there/$run/$object" bs=1 conv=notrunc status=none
exits 4 "the same, but it differs" relay --from "file://$bucket" --to "file://$there"
has "it is missing" "$TEST_DIR/err" "1 objects are missing, '$object' among them"
ok "nothing is sealed" test ! -e "$there/$run/manifest.jsonl"
mv "$TEST_DIR/object" "$bucket/$run/$object"

# --- what is wrong at the source

for what in "$object" "$(cd "$bucket/$run" && find tables -type f | head -n 1)" SHA256SUMS; do
	fresh "$there"
	cp -a "$bucket" "$TEST_DIR/bad"
	printf X | dd of="$TEST_DIR/bad/$run/$what" bs=1 seek=20 conv=notrunc status=none
	exits 4 "a byte of $what differs" relay --from "file://$TEST_DIR/bad" --to "file://$there"
	has "it is named" "$TEST_DIR/err" "$what'"
	ok "and not brought over" test ! -e "$there/$run/$what"
	ok "nothing is sealed" test ! -e "$there/$run/manifest.jsonl"
	exits 0 "from a good copy" relay --from "file://$bucket" --to "file://$there"
	same "it is the same" "$bucket" "$there"
	rm -rf "$TEST_DIR/bad"
done
fresh "$there"
cp -a "$bucket" "$TEST_DIR/bad"
(
	cd "$TEST_DIR/bad/$run" || exit
	table=$(grep -l '"rec":"chunk"' tables/* | head -n 1)
	edit_line "$table" '0,/"key":"data/s|"key":"data[^"]*"|"key":"manifest.jsonl"|'
	reseal_all "$table"
)
exits 4 "a manifest that calls a chunk as the root manifest is called" relay --from "file://$TEST_DIR/bad" --to "file://$there"
has "is refused" "$TEST_DIR/err" "'manifest.jsonl' does not stand below 'data/'"
ok "nothing is sealed" test ! -e "$there/$run/manifest.jsonl"
rm -rf "$TEST_DIR/bad"

fresh "$there"
cp -a "$bucket" "$TEST_DIR/bad"
rm "$TEST_DIR/bad/$run/manifest.jsonl"
exits 0 "a run that is not sealed" relay --from "file://$TEST_DIR/bad" --to "file://$there"
has "is left alone" "$TEST_DIR/err" "run $run is not sealed"
exits 1 "by its name it is an error" relay --from "file://$TEST_DIR/bad" --to "file://$there" --run "$run"
is "nothing came" "$(files "$there")" ""
cp -a "$bucket/." "$there"
sed -i 's/shop/shup/' "$there/$run/manifest.jsonl"
exits 4 "another run of that id at the destination" relay --from "file://$bucket" --to "file://$there"

# --- killed

for ((i = 0; i < 6; i++)); do
	fresh "$there" "$disks"
	for to in "file://$there" "volume://$disks?size=128KB"; do
		for delay in 0.01 0.02 "0.0$((3 + i))"; do
			gpm-push relay -q --spool "$work" --from "file://$bucket" --to "$to" 2>/dev/null &
			sleep "$delay"
			kill -9 $! 2>/dev/null
			wait $! 2>/dev/null
		done
		relay -q --from "file://$bucket" --to "$to" || break 2
	done
	diff -r "$bucket" "$there" && verify "volume://$disks" -q >/dev/null && (cd "$disks" && sha256sum -c --quiet ./*.sha256) || break
done
is "killed again and again, it ends with the same" "$i" 6
is "no volume is left open" "$(find "$disks" "$work" -name '*.part' -o -name '*.journal')" ""

# --- disk by disk

fresh "$there" "$disks"
exits 0 "into volumes" relay -j 1 --from "file://$bucket" --to "volume://$disks?size=100KB"
volumes=$(find "$disks" -name '*.tar' | wc -l)
ok "several" test "$volumes" -gt 2
cp -a "$disks" "$TEST_DIR/all"
for ((n = volumes; n > 0; n--)); do
	mkdir -p "$TEST_DIR/d$n"
	mv "$disks"/*.v000"$n".* "$TEST_DIR/d$n"
done
rm -rf "$work"
for ((n = 1; n < volumes; n++)); do
	exits 7 "disk $n" relay --from "volume://$TEST_DIR/d$n" --to "file://$there"
	has "another is asked for" "$TEST_DIR/err" "mount another disk of this run"
	ok "nothing is sealed" test ! -e "$there/$run/manifest.jsonl"
done
exits 0 "the last disk" relay --from "volume://$TEST_DIR/d$volumes" --to "file://$there"
same "all is there" "$bucket" "$there"
fresh "$there"
for ((n = volumes; n > 1; n--)); do
	exits 7 "backwards: disk $n" relay --from "volume://$TEST_DIR/d$n" --to "file://$there"
	has "another is asked for" "$TEST_DIR/err" "mount another disk of this run"
done
exits 7 "the first disk; manifests of the others are there, but the root is not" relay --from "volume://$TEST_DIR/d1" --to "file://$there"
exits 0 "the last again" relay --from "volume://$TEST_DIR/d$volumes" --to "file://$there"
same "all is there, too" "$bucket" "$there"
fresh "$there"
exits 0 "all at once, in any order" relay --from "volume://$TEST_DIR/d2,$TEST_DIR/d1$(for ((n = 3; n <= volumes; n++)); do printf ',%s' "$TEST_DIR/d$n"; done)" \
	--to "file://$there"
same "the same" "$bucket" "$there"

# --- an older object of the same size, on a disk that comes after the newer one's

rm -rf "$TEST_DIR/old"
mkdir -p "$TEST_DIR/old/d1" "$TEST_DIR/old/d2" "$TEST_DIR/old/d3"
schema=$(cd "$bucket/$run" && ls schema/pre-data.sql*)
mkdir -p "$TEST_DIR/old/$run/schema"
tr '\000-\377' '\001-\377\000' <"$bucket/$run/$schema" >"$TEST_DIR/old/$run/$schema"
bsdtar -cf "$TEST_DIR/old/d1/$run.v0001.tar" -C "$TEST_DIR/old" "$run/$schema"
bsdtar -cf "$TEST_DIR/old/d2/$run.v0002.tar" -C "$bucket" --exclude manifest.jsonl "$run"
bsdtar -cf "$TEST_DIR/old/d3/$run.v0003.tar" -C "$bucket" "$run/manifest.jsonl"
old() { relay --from "volume://$TEST_DIR/old/$1" --to "file://$there"; }
for what in whole killed; do
	fresh "$there"
	exits 7 "the newer object" old d2
	exits 7 "the older one, put over it" old d1
	ok "has the same size" cmp -s "$there/$run/$schema" "$TEST_DIR/old/$run/$schema"
	if [ $what = killed ]; then # behind the put, before its line
		sed -i '$d' "$work/relay/$run"/relay-*.jsonl
	fi
	exits 7 "the root manifest names the newer one ($what)" old d3
	has "it is missing" "$TEST_DIR/err" "'$schema' among them"
	ok "nothing is sealed" test ! -e "$there/$run/manifest.jsonl"
	exits 7 "the newer one again" old d2
	exits 0 "the root manifest again" old d3
	same "it ends the same" "$bucket" "$there"
done

# --- a volume that is lost, or broken

rm -rf "$disks" "$work"
cp -a "$TEST_DIR/all" "$disks"
mkdir -p "$work" "$TEST_DIR/new"
rm -rf "$there" && mkdir "$there"
printf X | dd of="$disks/$run.v0002.tar" bs=1 seek=5000 conv=notrunc status=none
exits 4 "a broken volume" relay --from "volume://$disks" --to "file://$there"
has "is named" "$TEST_DIR/err" "$run.v0002.tar' is damaged"
ok "the rest was brought over" test "$(files "$there/$run/data" | wc -l)" -gt 2
ok "nothing is sealed" test ! -e "$there/$run/manifest.jsonl"
cp "$disks"/*.jsonl "$TEST_DIR/new" # as a disk has them that came later
exits 0 "it is written again" relay --from "file://$bucket" --to "volume://$TEST_DIR/new" --run "$run" --lost-volume 2
is "into one volume" "$(cd "$TEST_DIR/new" && echo *.tar)" "$run.v$(printf %04d $((volumes + 1))).tar"
bsdtar -tf "$disks/$run.v0002.tar" | sort >"$TEST_DIR/want"
is "what it held, and no more" "$(bsdtar -tf "$TEST_DIR/new/"*.tar | sort | diff "$TEST_DIR/want" -)" ""
exits 0 "verify with it" verify "volume://$disks,$TEST_DIR/new"
rm "$disks/$run.v0002.tar"
exits 0 "and without the broken one" verify "volume://$disks,$TEST_DIR/new"
hasnt "which nobody misses" "$TEST_DIR/err" "volume 2"
exits 0 "relay goes on with it" relay --from "volume://$disks,$TEST_DIR/new" --to "file://$there"
same "and ends the same" "$bucket" "$there"
exits 0 "again: nothing is lost any more" relay --from "file://$bucket" --to "volume://$TEST_DIR/new" --run "$run"
is "nothing is written" "$(find "$TEST_DIR/new" -name '*.tar' | wc -l)" 1

# --- limits

fresh "$there"
exits 7 "--max-bytes" relay --from "file://$bucket" --to "file://$there" --max-bytes 60KB
ok "ends in time" test "$(du -sb "$there" | cut -f 1)" -lt 150000
exits 0 "it goes on" relay --from "file://$bucket" --to "file://$there"
same "and ends the same" "$bucket" "$there"

# --- signed and encrypted runs

rm -rf "$spool" "$bucket"
mkdir "$bucket"
fresh "$there" "$disks"
export_shop -q || exit 1
gpm-push keygen -q --sign-key "$TEST_DIR/site.key" --encrypt-key "$TEST_DIR/master.key"
push_shop -q --sign-key "$TEST_DIR/site.key" --encrypt-key "$TEST_DIR/master.key" || exit 1
run=$(basename "$(run_dir)")
exits 0 "a signed and encrypted run, by disks" relay --from "file://$bucket" --to "volume://$disks"
exits 0 "to a folder" relay --from "volume://$disks" --to "file://$there"
same "it is the same" "$bucket" "$there"
exits 0 "and signed" verify "file://$there" --trusted-keys "$TEST_DIR/site.key.pub" --encrypt-key "$TEST_DIR/master.key"
fresh "$there"
printf X | dd of="$bucket/$run/manifest.sig" bs=1 conv=notrunc status=none
exits 4 "with another signature" relay --from "file://$bucket" --to "file://$there"
ok "nothing is sealed" test ! -e "$there/$run/manifest.jsonl"

# --- to a real S3 server and back

if command -v radosgw >/dev/null; then
	rgw_up
	s3_env
	fresh "$there"
	exits 0 "disks to S3" relay --from "volume://$disks" --to s3://test/x
	exits 0 "verify" verify s3://test/x --encrypt-key "$TEST_DIR/master.key"
	exits 0 "again" relay --from "volume://$disks" --to s3://test/x
	has "it is there" "$TEST_DIR/err" "run $run is there already"
	exits 0 "S3 to a folder" relay --from s3://test/x --to "file://$there"
	exits 0 "verify" verify "file://$there" --trusted-keys "$TEST_DIR/site.key.pub"
else
	echo "# skipped: S3, since there is no radosgw on this host"
fi
done_testing
