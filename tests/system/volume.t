#!/usr/bin/env bash
# Goal of this test: a run on disks that are carried: volumes that bsdtar and sha256sum understand, one disk or several, full ones, ones that
# are lost, cut or tampered with, pushes that die; whatever is loaded is what was exported.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

command -v bsdtar >/dev/null || skip_all "there is no bsdtar on this host"
pg_up src
pg_up dst
fill_shop src 8000
disk=$TEST_DIR/disk1
mkdir "$disk"
push() { gpm-push --spool "$spool" "$@"; } # --to …
import() { gpm-import "$1" --from "volume://$2" "${@:3}"; }
load() { import load "$1" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse "${@:2}"; }

exits 0 "preflight" gpm-push preflight --to "volume://$disk"
is "leaves nothing on the disk" "$(ls -A "$disk")" ""
ok "export" export_shop -q
cp -a "$spool" "$TEST_DIR/whole"
exits 0 "push into volumes" push --to "volume://$disk?size=128KB"
has "each is told" "$TEST_DIR/err" "volume 2 of "
run=$(basename "$(ls -d "$spool"/2*)")
ok "there are several" test "$(find "$disk" -name '*.tar' | wc -l)" -gt 2
is "none is larger than was asked for" "$(find "$disk" -name '*.tar' -size +128k)" ""
is "nothing else is on the disk" "$(find "$disk" -type f ! -name "$run.v*.tar" ! -name "$run.v*.jsonl" ! -name "$run.v*.sha256")" ""
ok "sha256sum -c" sh -c "cd '$disk' && sha256sum -c --quiet *.sha256"
mkdir "$TEST_DIR/plain"
ok "bsdtar unpacks them" sh -c "for v in '$disk'/*.tar; do bsdtar -xf \"\$v\" -C '$TEST_DIR/plain' || exit; done"
ok "GNU tar finds the same" sh -c "for v in '$disk'/*.tar; do tar -df \"\$v\" -C '$TEST_DIR/plain' || exit; done"
ok "sha256sum -c in the run" sh -c "cd '$TEST_DIR/plain/$run' && sha256sum -c --quiet SHA256SUMS"
cp -a "$TEST_DIR/whole" "$TEST_DIR/again"
mkdir "$TEST_DIR/folder"
gpm-push -q --spool "$TEST_DIR/again" --to "file://$TEST_DIR/folder"
ok "they hold what a folder would" diff -r "$TEST_DIR/plain" "$TEST_DIR/folder"
exits 0 "list" import list "$disk"
has "the run is there" "$TEST_DIR/out" "$run"
exits 0 "verify" import verify "$disk"
exits 0 "verify --full" import verify "$disk" --full
has "every byte" "$TEST_DIR/out" "every byte read"
fresh_warehouse
exits 0 "load" load "$disk"
same_shop "the rows are the same"
is "cat" "$(import cat "$disk" -t sales.lines | sort | md5sum)" \
	"$(gpm-import cat --from "file://$TEST_DIR/folder" -t sales.lines | sort | md5sum)"
fresh_warehouse
exits 0 "load by the server itself, by its program" load "$disk" --method file_fdw
same_shop "the rows are the same"
exits 0 "plan" import plan "$disk" --method web
has "names the folders" "$TEST_DIR/out" "volume://$disk"
exits 0 "push again" push --to "volume://$disk"

# --- another run on the same disk, and one that goes

q src shop "update sales.lines set note = 'other' where id = 7"
ok "another export" export_shop -q
exits 0 "its push to the same disk" push --to "volume://$disk?size=128KB"
other=$(find "$spool" -maxdepth 1 -name '2*' -printf '%f\n' | sort | tail -n 1)
exits 0 "list" import list "$disk"
is "both are there" "$(grep -c sealed "$TEST_DIR/out")" 2
exits 0 "verify the older one" import verify "$disk" --full --run "$run"
exits 0 "verify the newer one" import verify "$disk" --full
exits 0 "gpm-push list" gpm-push list --to "volume://$disk"
q src shop "update sales.lines set note = md5('7') where id = 7"
exits 0 "remove" gpm-push remove --to "volume://$disk" --run "$other"
is "its files are gone" "$(find "$disk" -name "$other*")" ""
ok "the other's are not" sh -c "cd '$disk' && sha256sum -c --quiet *.sha256"
exits 0 "verify" import verify "$disk" --full

# --- what happens on the way

damage() { # COMMAND in a copy of the disk
	rm -rf "$TEST_DIR/broken"
	cp -a "$disk" "$TEST_DIR/broken"
	(cd "$TEST_DIR/broken" && eval "$1")
}
damage "rm $run.v0002.tar"
exits 4 "a volume is lost" import verify "$TEST_DIR/broken"
has "it is named" "$TEST_DIR/err" "volume 2 of $run is in none of the folders"
fresh_warehouse
exits 4 "load without it" load "$TEST_DIR/broken"
damage "printf X | dd of=$run.v0002.tar bs=1 seek=20000 conv=notrunc status=none"
exits 0 "a byte flipped: sizes do not tell" import verify "$TEST_DIR/broken"
exits 4 "every byte does" import verify "$TEST_DIR/broken" --full
has "the volume is named" "$TEST_DIR/err" "volume '$TEST_DIR/broken/$run.v0002.tar' is damaged"
has "and what to do" "$TEST_DIR/err" "have this volume written again"
hasnt "no other" "$TEST_DIR/err" "v0001.tar' is damaged"
ok "sha256sum names it, too" sh -c "cd '$TEST_DIR/broken' && ! sha256sum -c *.sha256 2>/dev/null | grep -v ': OK$' | grep -v '^$run.v0002.tar: FAILED$'"
fresh_warehouse
exits 4 "load it" load "$TEST_DIR/broken"
damage "truncate -s -2000 $run.v0001.tar"
exits 4 "a tar that is cut" import verify "$TEST_DIR/broken" --full
has "is named" "$TEST_DIR/err" "volume 1 of $run has"
damage "rm *.jsonl"
exits 0 "without any list" import verify "$TEST_DIR/broken" --full
damage "for f in *; do mv \$f x\$f; done"
exits 1 "renamed files are none of ours" import verify "$TEST_DIR/broken"
mkdir "$TEST_DIR/far" "$TEST_DIR/near"
damage "mv *.v0001.* *.v0003.* ../far; mv * ../near"
exits 0 "in several folders, any order" import verify "$TEST_DIR/far,$TEST_DIR/near" --full
fresh_warehouse
exits 0 "load from them" load "$TEST_DIR/near,$TEST_DIR/far"
same_shop "the rows are the same"
exits 1 "a folder that is not mounted" import list "$TEST_DIR/nowhere"

# --- pushes that die, and a journal that is lost

(cd "$disk" && sha256sum -- *.tar) >"$TEST_DIR/want"
for ((i = 0; i < 6; i++)); do
	rm -rf "$spool" "$TEST_DIR/killed"
	cp -a "$TEST_DIR/whole" "$spool"
	mkdir "$TEST_DIR/killed"
	for delay in 0.0$((i + 1)) 0.0$((i * 2 + 1)) 0.1; do
		gpm-push -q -j 1 --spool "$spool" --to "volume://$TEST_DIR/killed?size=128KB" 2>/dev/null &
		sleep "$delay"
		kill -9 $! 2>/dev/null
		wait $! 2>/dev/null
	done
	push -q -j 1 --to "volume://$TEST_DIR/killed?size=128KB" 2>"$TEST_DIR/err" || { comment <"$TEST_DIR/err"; break; }
	(cd "$TEST_DIR/killed" && sha256sum -c --quiet ./*.sha256 && ! ls ./*.part 2>/dev/null) &&
		import verify "$TEST_DIR/killed" -q --full >/dev/null || break
done
is "a push that is killed again and again ends with whole volumes" "$i" 6
rm -rf "$spool" "$TEST_DIR/killed"
cp -a "$TEST_DIR/whole" "$spool"
mkdir "$TEST_DIR/killed"
exits 7 "an interrupted push" push --to "volume://$TEST_DIR/killed" --max-bytes 60KB
ok "leaves a volume that is not complete" sh -c "ls '$TEST_DIR/killed'/*.tar.part"
exits 1 "it is not read" import verify "$TEST_DIR/killed"
has "and told" "$TEST_DIR/err" "volume 1 of $run in '$TEST_DIR/killed' is not complete, and left out"
exits 1 "on another disk it does not go on" push --to "volume://$TEST_DIR/near"
has "the disk is asked for" "$TEST_DIR/err" "volume 1 of $run was begun on a disk that is not here"
exits 0 "it goes on with it" push --to "volume://$TEST_DIR/killed"
exits 0 "verify" import verify "$TEST_DIR/killed" --full

rm -rf "$spool" "$TEST_DIR/killed" "$TEST_DIR/next"
cp -a "$TEST_DIR/whole" "$spool"
mkdir "$TEST_DIR/killed" "$TEST_DIR/next"
exits 7 "an interrupted push whose disk goes" push --to "volume://$TEST_DIR/killed" --max-bytes 60KB --eject
is "its volume is complete" "$(cd "$TEST_DIR/killed" && ls)" "$run.v0001.jsonl
$run.v0001.sha256
$run.v0001.tar"
exits 0 "another disk" push --to "volume://$TEST_DIR/next"
exits 0 "verify both" import verify "$TEST_DIR/killed,$TEST_DIR/next" --full
exits 0 "without work" push --to "volume://$TEST_DIR/next" --eject
exits 0 "remove on the second disk" gpm-push remove --to "volume://$TEST_DIR/next" --run "$run"
is "no file is left there" "$(ls -A "$TEST_DIR/next")" ""
ok "the first is as it was" sh -c "cd '$TEST_DIR/killed' && sha256sum -c --quiet *.sha256"

# --- disks that are full

if mkdir "$TEST_DIR/small" && mount -t tmpfs -o size=320k none "$TEST_DIR/small" 2>/dev/null; then
	rm -rf "$spool"
	cp -a "$TEST_DIR/whole" "$spool"
	exits 7 "a disk that is full" push --to "volume://$TEST_DIR/small?size=100KB"
	has "is told" "$TEST_DIR/err" "'$TEST_DIR/small' is full"
	has "and what to do" "$TEST_DIR/err" "mount the next disk and start again with its folder"
	is "what is there is complete" "$(find "$TEST_DIR/small" -name '*.part')" ""
	exits 7 "again with the same disk" push -q --to "volume://$TEST_DIR/small?size=100KB"
	is "is silent" "$(cat "$TEST_DIR/err")" ""
	cp -a "$TEST_DIR/small" "$TEST_DIR/first"
	umount "$TEST_DIR/small"
	mount -t tmpfs -o size=3m none "$TEST_DIR/small"
	exits 0 "the next disk under the same path" push --to "volume://$TEST_DIR/small?size=100KB"
	exits 4 "verify the second alone" import verify "$TEST_DIR/small"
	has "the first is missed" "$TEST_DIR/err" "volume 1 of $run is in none of the folders"
	exits 0 "verify both" import verify "$TEST_DIR/small,$TEST_DIR/first" --full
	fresh_warehouse
	exits 0 "load both" load "$TEST_DIR/small,$TEST_DIR/first"
	same_shop "the rows are the same"
	umount "$TEST_DIR/small"
else
	echo "# skipped: disks that are full, since no tmpfs can be mounted"
fi
done_testing
