#!/usr/bin/env bash
# Goal of this test: an encrypted run holds no row and no schema in the clear, and is as FORMAT.md says, read by another program; it loads by
# copy and file_fdw with its key and by nobody without; objects that were swapped, replayed, cut or changed are told apart even when all
# manifests were made to fit; and the keys stand in no argument list, message, file of the spool or bucket.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/tamper.sh"

key=$TEST_DIR/master.key
other_key=$TEST_DIR/other.key
log=$TEST_DIR/everything-said

# said FILE…: kept, to be searched for keys at the end.
said() {
	cat "$@" >>"$log"
}

# --- keys
exits 0 "keygen of both keys" gpm-push keygen --encrypt-key "$key" --sign-key "$TEST_DIR/site.key" -v
said "$TEST_DIR/out" "$TEST_DIR/err"
id=$(sed -n 's/^master key //p' "$TEST_DIR/out")
is "the master key is for its owner alone" "$(stat -c %a "$key")" 600
is "its id is that of the format" "$(python3 "$tests_dir/crypt_rules.py" id "$key")" "$id"
cp "$key" "$TEST_DIR/before"
exits 1 "it is not overwritten" gpm-push keygen --encrypt-key "$key"
ok "it is as it was" cmp "$key" "$TEST_DIR/before"
(umask 077 && openssl rand -hex 32 >"$other_key")
other_id=$(python3 "$tests_dir/crypt_rules.py" id "$other_key")

exits 0 "preflight reads the keys" gpm-push preflight --to "file://$bucket" --encrypt-key "$key" --sign-key "$TEST_DIR/site.key"
has "it names the master key" "$TEST_DIR/out" "by master key $id"
said "$TEST_DIR/out"
exits 1 "preflight with a key that is none" gpm-push preflight --to "file://$bucket" --encrypt-key "$TEST_DIR/site.key"
has "it says so" "$TEST_DIR/out" "holds no master key"
said "$TEST_DIR/out"

pg_up src
pg_up dst
fill_shop src 8000
ok "export" export_shop -q

# --- what does not go together, and what was begun otherwise
for target in oss_fdw s3 pxf; do
	exits 2 "$target cannot decrypt" push_shop --for $target --encrypt-key "$key"
	has "it says so" "$TEST_DIR/err" "--encrypt-key does not go with --for $target"
done
chmod 640 "$key"
exits 1 "a key that others can read" push_shop --encrypt-key "$key"
has "it says what to do" "$TEST_DIR/err" "chmod 600"
chmod 600 "$key"
exits 1 "a signing key is no master key" push_shop --encrypt-key "$TEST_DIR/site.key"
said "$TEST_DIR/err"
export_journal=$(printf '%s\n' "$spool"/*/export.jsonl)
cp "$export_journal" "$TEST_DIR/export.jsonl"
sed -i '$d' "$export_journal"
exits 5 "push of an unfinished export" push_shop --encrypt-key "$key" -v
said "$TEST_DIR/err"
exits 1 "without the key" push_shop
has "it says by which key" "$TEST_DIR/err" "is encrypted by master key $id, and there is no --encrypt-key"
exits 1 "with another key" push_shop --encrypt-key "$other_key"
has "the same" "$TEST_DIR/err" "is encrypted by master key $id, which is not"
cat "$TEST_DIR/export.jsonl" >"$export_journal"
cp -a "$spool" "$TEST_DIR/half"
exits 0 "push" push_shop --encrypt-key "$key" -v
said "$TEST_DIR/err"
run=$(basename "$(run_dir)")

# --- what is stored
cd "$(run_dir)" || exit 1
is "the manifest names cipher and key" "$(grep '"rec":"push"' manifest.jsonl | jq -r '[.encryption, .key_id] | join(" ")')" "aes-256-gcm $id"
is "and the methods that can" "$(grep '"rec":"push"' manifest.jsonl | jq -c .methods)" '["copy","file_fdw","gpfdist","web"]'
ok "sha256sum reads it without the key" sha256sum -c --quiet SHA256SUMS
is "every object says that it is encrypted" "$(find data schema -type f -exec head -c 40 {} \; -exec echo \; | sort -u)" "gpm-crypt-1 aes-256-gcm $id"
is "zstd reads none" "$(find data schema -type f -exec zstd -tq {} \; 2>&1 | grep -c unsupported)" "$(find data schema -type f | wc -l)"
# decrypted KEY OF THE OBJECT MANIFEST: by the other program
decrypted() {
	python3 "$tests_dir/crypt_rules.py" open "$key" "$run" "$1" "$(grep -hF "\"key\":\"$1\"" "$2" | jq -r .plain_xxh3)" <"$1" | zstd -dq
}
object=$(find data -path '*sales.odd/*' -type f | sort | head -n 1)
ok "an object of rows is as the format says" bash -c 'cmp "$1" "$2"' - <(decrypted "$object" tables/*sales.odd.jsonl) \
	<(gpm-import cat --from "file://$bucket" --encrypt-key "$key" --table sales.odd --batch 1 --chunks 1)
decrypted schema/pre-data.sql.zst manifest.jsonl >"$TEST_DIR/pre-data.sql"
has "so is one of the schema" "$TEST_DIR/pre-data.sql" 'CREATE TABLE "sales"."odd"'
cd / || exit 1
cp -a "$bucket" "$TEST_DIR/pristine"

# --- who has the key
exits 0 "verify without it" verify_shop
exits 0 "verify --full without it" verify_shop --full
has "it says what was not looked at" "$TEST_DIR/out" "none decrypted"
exits 0 "verify --full with it" verify_shop --full --encrypt-key "$key" -v
hasnt "all was looked at" "$TEST_DIR/out" "none decrypted"
said "$TEST_DIR/out" "$TEST_DIR/err"
exits 0 "list" gpm-import list --from "file://$bucket"
has "list says it" "$TEST_DIR/out" "encrypted"
fresh_warehouse
preflight() {
	gpm-import preflight --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse "$@"
}
exits 1 "preflight without it" preflight
has "it says so" "$TEST_DIR/out" "and there is no --encrypt-key"
exits 0 "preflight with it" preflight --encrypt-key "$key"
has "it says so, too" "$TEST_DIR/out" "--encrypt-key is its key"
exits 1 "load without it" load_shop
has "it says which" "$TEST_DIR/err" "is encrypted by master key $id, and there is no --encrypt-key"
exits 1 "load with another" load_shop --encrypt-key "$other_key"
has "it tells them apart" "$TEST_DIR/err" "is encrypted by master key $id; '$other_key' holds $other_id"
exits 1 "cat without it" gpm-import cat --from "file://$bucket" --table sales.odd
is "nothing comes out" "$(wc -c <"$TEST_DIR/out")" 0
is "nothing reached the destination" "$(q dst warehouse "select count(*) from pg_namespace where nspname in ('gpm', 'sales')")" 0
exits 0 "load with it" load_shop --encrypt-key "$key" --verify content -v
said "$TEST_DIR/out" "$TEST_DIR/err"
same_shop "all tables hold the same rows"

# the server reads it itself: with a key of its user's
fresh_warehouse
chown --reference="$TEST_DIR/dst/data" "$key"
exits 0 "load by file_fdw" load_shop --method file_fdw --encrypt-key "$key"
said "$TEST_DIR/err"
same_shop "all tables hold the same rows by file_fdw"
chown "$(id -u)" "$key"

# --- objects that are not what they were, in manifests that fit: without a signature nobody could tell but the key
lines() { find data -path '*sales.lines/*' -type f | sort | sed -n "${1}p"; }
manifest() { ls tables/*sales.lines.jsonl; }
cases() {
	cat <<-'LIST'
		a bit flipped|flip_byte "$(lines 2)" 300|was changed since it was encrypted: its tag does not fit
		a bit of the salt flipped|o=$(lines 2); flip_byte "$o" "$(LC_ALL=C awk '{ print length($0) + 5; exit }' "$o")"|was changed since
		a bit of the tag flipped|o=$(lines 2); flip_byte "$o" "$(($(stat -c %s "$o") - 1))"|was changed since
		cut|truncate -s -1 "$(lines 2)"|is cut or grown: it was encrypted with
		cut to its first line|o=$(lines 2); head -n 1 "$o" >x; mv x "$o"|is cut or grown: it was encrypted with
		grown|echo >>"$(lines 2)"|is cut or grown
		swapped|swap "$(lines 1)" "$(lines 2)"|is another object of the run put in its place
		replayed|cp "$replayed/$(lines 2)" "$(lines 2)"|is an object of another run put in its place
		by another key|o=$(lines 2); python3 "$tests_dir/crypt_rules.py" seal "$other_key" "$run" "$o" 00 <x >"$o"|is encrypted by master key OTHER, not by KEY
		its rows' hash changed|edit_line "$(manifest)" '5s/"plain_xxh3":"./"plain_xxh3":"x/; 5s/"plain_xxh3":"x/"plain_xxh3":"0/'|its tag does not fit
		in the clear|o=$(lines 2); cp x "$o"; edit_line "$(manifest)" '5s/"encryption":"[^"]*",//'|is not encrypted, unlike its run
		in the clear, and said to be encrypted|cp x "$(lines 2)"|is not encrypted, or its first line is damaged
	LIST
}
# another run of the same rows, to take objects from
rm -rf "$bucket"
mkdir "$bucket"
ok "another run" export_shop -q --new-run
ok "of the same key" push_shop -q --encrypt-key "$key" --run "$(basename "$(printf '%s\n' "$spool"/*Z-* | tail -n 1)")"
# shellcheck disable=SC2034 # the cases name it
replayed=$TEST_DIR/other/$(basename "$(run_dir)")
mv "$bucket" "$TEST_DIR/other"

fresh_warehouse
while IFS='|' read -r what action message; do
	message=${message/OTHER/$other_id}
	message=${message/KEY/$id}
	rm -rf "$bucket"
	cp -a "$TEST_DIR/pristine" "$bucket"
	(cd "$(run_dir)" && decrypted "$(lines 2)" "$(manifest)" | zstd -q >x && eval "$action" && rm -f x && rehash "$(manifest)") ||
		{ ok "$what: done" false; continue; }
	exits 4 "$what: verify" verify_shop --full --encrypt-key "$key"
	has "$what: what it says" "$TEST_DIR/err" "$message"
	said "$TEST_DIR/err"
	exits 4 "$what: cat" gpm-import cat --from "file://$bucket" --encrypt-key "$key" --table sales.lines --batch 1 --chunks 2
	is "$what: no row comes out" "$(wc -c <"$TEST_DIR/out")" 0
	has "$what: the same" "$TEST_DIR/err" "$message"
done < <(cases)
exits 4 "load" load_shop --encrypt-key "$key"
has "it names the object" "$TEST_DIR/err" "000002.csv.zst"
is "and takes no row of it" "$(q dst warehouse "select count(*) from gpm.ledger where object_key = '$(cd "$(run_dir)" && lines 2)'")" 0

# --- a run in the clear is none of the key's
rm -rf "$bucket" "$spool"
mkdir "$bucket"
ok "export with aggregates" export_shop -q --measure aggregates
exits 1 "its bounds would stand in manifests" push_shop --encrypt-key "$key"
has "it says so" "$TEST_DIR/err" "was exported with --measure aggregates"
rm -rf "$spool"
ok "export" export_shop -q
exits 0 "push in the clear" push_shop
exits 4 "with a key it is refused" load_shop --encrypt-key "$key"
has "it says why" "$TEST_DIR/err" "is not encrypted, and there is --encrypt-key"

# --- while it runs: no key in the argument list, and no core
rm -rf "$bucket" "$spool"
mkdir "$bucket" "$spool"
(ulimit -c unlimited; exec gpm-push --spool "$spool" --to "file://$bucket" --encrypt-key "$key" --sign-key "$TEST_DIR/site.key" \
	--follow -v) 2>"$TEST_DIR/follow" &
push=$!
for ((i = 0; i < 600; i++)); do
	[ "$(awk '/^Max core file size/ { print $5, $6 }' /proc/$push/limits)" = "0 0" ] && break
	sleep 0.1
done
is "no core will be written" "$(awk '/^Max core file size/ { print $5, $6 }' /proc/$push/limits)" "0 0"
tr '\0' '\n' </proc/$push/cmdline >>"$log"
ok "an export" export_shop -q
wait $push
is "the push ends" $? 0
said "$TEST_DIR/follow"
exits 0 "verify" verify_shop --full --encrypt-key "$key" --trusted-keys "$TEST_DIR/site.key.pub" -v
said "$TEST_DIR/out" "$TEST_DIR/err"

# --- nowhere
is "much was said" "$(test "$(wc -l <"$log")" -gt 50 && echo yes)" yes
secrets=("$(cat "$key")" "$(sed -n 2p "$TEST_DIR/site.key")" "$(openssl pkey -in "$TEST_DIR/site.key" -outform DER | tail -c 32 | od -An -v -tx1 | tr -d " \n")")
for secret in "${secrets[@]}"; do
	is "no key in what was said" "$(grep -ciF -e "$secret" "$log")" 0
	is "nor in spool or bucket" "$(grep -rliF -e "$secret" "$spool" "$bucket" "$TEST_DIR/pristine" "$TEST_DIR/half")" ""
done
ok "nor as bytes" python3 - "$key" "$spool" "$bucket" "$TEST_DIR/pristine" <<-'END'
	import os, sys
	key = bytes.fromhex(open(sys.argv[1]).read())
	assert len(key) == 32
	for top in sys.argv[2:]:
	    for folder, _, names in os.walk(top):
	        for name in names:
	            assert key not in open(os.path.join(folder, name), "rb").read(), name
END
done_testing
