#!/usr/bin/env bash
# Goal of this test: a signed run is taken under --trusted-keys; one that is not signed, that a stranger signed, or that was
# changed after it was signed is refused by every command with exit status 4 and a message of its own; openssl agrees with
# the signature; and a push that dies or is started with another key never seals a run that is signed by halves.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/tamper.sh"

key=$TEST_DIR/site.key
trusted=$TEST_DIR/trusted.pem

# --- keys
exits 0 "keygen" gpm-push keygen --sign-key "$key"
has "it tells where the public key is" "$TEST_DIR/out" "$key.pub"
name=$(sed -n 's/^signing key //p' "$TEST_DIR/out")
is "the private key is for its owner alone" "$(stat -c %a "$key")" 600
exits 1 "nothing is overwritten" gpm-push keygen --sign-key "$key"
has "it says so" "$TEST_DIR/err" "never overwritten"
ok "openssl reads both" bash -c 'openssl pkey -in "$1" -pubout | cmp - "$1.pub"' - "$key"
exits 2 "keygen without a name" gpm-push keygen
openssl genpkey -algorithm ed25519 -out "$TEST_DIR/stranger.key" 2>/dev/null
chmod 600 "$TEST_DIR/stranger.key"
openssl pkey -in "$TEST_DIR/stranger.key" -pubout -out "$TEST_DIR/stranger.pub"
{ echo "the site that sends"; cat "$key.pub"; } >"$trusted"

pg_up src
pg_up dst
fill_shop src 8000
ok "export" export_shop -q

# --- a push that is not finished yet goes on with its key only
cp "$spool"/*/export.jsonl "$TEST_DIR/export.jsonl"
sed -i '$d' "$spool"/*/export.jsonl
exits 5 "push of an unfinished export" push_shop --sign-key "$key"
exits 1 "without the key" push_shop
has "it says by which key" "$TEST_DIR/err" "is to be signed by key $name"
exits 1 "with another key" push_shop --sign-key "$TEST_DIR/stranger.key"
has "the same" "$TEST_DIR/err" "is to be signed by key $name"
chmod 644 "$key"
exits 1 "a key that others can read" push_shop --sign-key "$key"
has "it says what to do" "$TEST_DIR/err" "chmod 600"
chmod 600 "$key"
exits 1 "no key" push_shop --sign-key "$TEST_DIR/none"
exits 1 "a public key" push_shop --sign-key "$trusted"
exits 5 "not sealed by any of it" push_shop --sign-key "$key"
ok "no manifest is there" test ! -e "$(run_dir)manifest.jsonl"
cat "$TEST_DIR/export.jsonl" >"$(printf '%s\n' "$spool"/*/export.jsonl)"
cp -a "$spool" "$TEST_DIR/copied"
exits 0 "push" push_shop --sign-key "$key"

# --- what is stored
cd "$(run_dir)" || exit 1
is "the manifest says who signed it" "$(grep '"rec":"push"' manifest.jsonl | jq -r .signed_by)" "$name"
ok "openssl agrees" openssl pkeyutl -verify -pubin -inkey "$key.pub" -rawin -in manifest.jsonl -sigfile manifest.sig
ok "sha256sum as well" sha256sum -c --quiet SHA256SUMS
cd / || exit 1
for args in "list" "verify" "verify --full" "cat --table sales.lines" "plan"; do
	# shellcheck disable=SC2086 # words
	exits 0 "$args" gpm-import $args --from "file://$bucket" --trusted-keys "$trusted"
	# shellcheck disable=SC2086 # words
	exits 0 "$args without a list" gpm-import $args --from "file://$bucket"
done
exits 0 "list" gpm-import list --from "file://$bucket"
has "list shows the key" "$TEST_DIR/out" "signed by $name"

# --- a repeated seal writes the same bytes
cp -a "$bucket" "$TEST_DIR/pristine"
cp "$(run_dir)manifest.sig" "$TEST_DIR/signature"
rm "$(run_dir)manifest.jsonl"
head -c 64 /dev/zero >"$(run_dir)manifest.sig"
rm -rf "$spool"
mv "$TEST_DIR/copied" "$spool"
exits 0 "a copied spool" push_shop --sign-key "$key"
ok "the same run" diff -r "$bucket" "$TEST_DIR/pristine"

# --- what is refused
# shellcheck disable=SC2094 # cases
cases() {
	cat <<-'LIST'
		changed and resealed|sed -i '2s/"shop"/"shoq"/' manifest.jsonl; reseal manifest.jsonl|is not what key
		signature of other bytes|openssl pkeyutl -sign -inkey "$key" -rawin -in SHA256SUMS -out manifest.sig|is not what key
		signature flipped|flip_byte manifest.sig 20|is not what key
		signature cut|truncate -s 63 manifest.sig|has 63 bytes; a signature has 64
		signature grown|echo >>manifest.sig|has 65 bytes
		signature missing|rm manifest.sig|manifest.sig' is missing
		signature a link|mv manifest.sig ../../elsewhere; ln -s ../../elsewhere manifest.sig|manifest.sig
		a stranger's|sed -i "s/$name/$stranger/" manifest.jsonl; reseal manifest.jsonl; openssl pkeyutl -sign -inkey "$TEST_DIR/stranger.key" -rawin -in manifest.jsonl -out manifest.sig|signed by key STRANGER, which is not in
		a stranger's under the site's name|openssl pkeyutl -sign -inkey "$TEST_DIR/stranger.key" -rawin -in manifest.jsonl -out manifest.sig|is not what key
		stripped|sed -i 's/,"signed_by":"[^"]*"//' manifest.jsonl; reseal manifest.jsonl|is not signed
		stripped, its file too|sed -i 's/,"signed_by":"[^"]*"//' manifest.jsonl; reseal manifest.jsonl; rm manifest.sig|is not signed
		no key's name|sed -i "s/$name/zz/" manifest.jsonl; reseal manifest.jsonl|is not what key
	LIST
}
stranger=$(openssl pkey -pubin -in "$TEST_DIR/stranger.pub" -outform DER | tail -c 32 | od -An -v -tx1 | tr -d " \n")

fresh_warehouse
while IFS='|' read -r what action message; do
	message=${message/STRANGER/$stranger}
	rm -rf "$bucket"
	cp -a "$TEST_DIR/pristine" "$bucket"
	(cd "$(run_dir)" && eval "$action") || { ok "$what: done" false; continue; }
	for args in "list" "verify" "cat --table sales.lines" "plan" "load -d warehouse" "check -d warehouse"; do
		# shellcheck disable=SC2086 # words
		exits 4 "$what: $args" gpm-import $args --from "file://$bucket" --trusted-keys "$trusted" \
			-q
		[ "${args%% *}" = list ] && has "$what: what list says" "$TEST_DIR/out" "$message"
		[ "${args%% *}" = list ] || has "$what: what $args says" "$TEST_DIR/err" "$message"
	done
	case $what in
	stripped) exits 0 "$what: without a list the run is one that nobody signed" verify_shop
		exits 4 "$what: but its signature is a stranger" verify_shop --full ;;
	*"too") exits 0 "$what: without a list the run is one that nobody signed" verify_shop --full ;;
	"a stranger's") exits 0 "$what: without a list it is good" verify_shop --full ;;
	*) exits 4 "$what: without a list" verify_shop ;;
	esac
done < <(cases)
is "nothing reached the destination" "$(q dst warehouse "select count(*) from pg_namespace where nspname in ('gpm', 'sales')")" 0

# --- the list itself
rm -rf "$bucket"
cp -a "$TEST_DIR/pristine" "$bucket"
exits 1 "a list that is not there" verify_shop --trusted-keys "$TEST_DIR/none"
: >"$TEST_DIR/empty"
exits 1 "a list without a key" verify_shop --trusted-keys "$TEST_DIR/empty"
has "it says so" "$TEST_DIR/err" "holds no public key"
exits 1 "a private key for a list" verify_shop --trusted-keys "$key"
cat "$TEST_DIR/stranger.pub" "$key.pub" >"$TEST_DIR/both"
exits 0 "a list of two" verify_shop --trusted-keys "$TEST_DIR/both"
exits 0 "load" load_shop --trusted-keys "$trusted"
same_shop "all tables hold the same rows"

# --- a newer run of a stranger's does not stand in for an older one, and an older one is passed over
ok "another export" export_shop -q --new-run
exits 0 "pushed unsigned" push_shop
exits 4 "the newest run is refused, not passed over" verify_shop --trusted-keys "$trusted"
has "it says why" "$TEST_DIR/err" "is not signed"
exits 0 "the signed one by its name" verify_shop --trusted-keys "$trusted" --run "$(basename "$TEST_DIR"/pristine/*)"
ok "one more export" export_shop -q --new-run
exits 0 "pushed and signed" push_shop --sign-key "$key"
exits 0 "it is the newest" verify_shop --trusted-keys "$trusted"
has "the older one is told" "$TEST_DIR/err" "is passed over"
exits 4 "list tells all" gpm-import list --from "file://$bucket" --trusted-keys "$trusted"
is "the one that is not signed is refused" "$(grep -c ' refused ' "$TEST_DIR/out")" 1
is "the two others are good" "$(grep -c ' sealed .*signed by ' "$TEST_DIR/out")" 2

done_testing
