#!/usr/bin/env bash
# Goal of this test: storage class, tags, ACL and encryption by the server are those of what a real server (Ceph's gateway)
# has stored; a server that does not encrypt is found out; and one that asks for a certificate is shown it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../rgw.sh"
. "$(dirname "$0")/../fake_s3.sh"

probe=$build_dir/tests/unit/store-probe
export HOME=$TEST_DIR
printf '0123456789' >"$TEST_DIR/ten"

# --- wishes that nobody can have

export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b
for wish in S3_STORAGE_CLASS='TWO WORDS' S3_STORAGE_CLASS=DEEP_ARCHIVE S3_SSE=aes S3_SSE=aws:kms: 'S3_SSE=aws:kms:a b' S3_ACL=Private \
	S3_TAGS=a S3_TAGS==b 'S3_TAGS=1=&2=&3=&4=&5=&6=&7=&8=&9=&10=&11='; do
	exits 2 "$wish" env "GPM_$wish" "$probe" s3://test/x put a "$TEST_DIR/ten"
	has "is refused" "$TEST_DIR/err" "--$(sed 's/=.*//; s/_/-/g; s/.*/\L&/' <<<"$wish")"
done
exits 2 "Signature V2" env GPM_S3_SIGNATURE=v2 GPM_S3_ACL=private "$probe" s3://test/x put a "$TEST_DIR/ten"
has "has none of them" "$TEST_DIR/err" "do not go with --s3-signature v2"
exits 2 "a certificate without a key" env GPM_S3_CLIENT_CERTIFICATE=x "$probe" s3://test/x put a "$TEST_DIR/ten"
has "is half" "$TEST_DIR/err" "belong together"

# --- a scripted server

if command -v python3 >/dev/null && command -v openssl >/dev/null; then
	. "$tests_dir/system/certificates.sh"
	fake
	GPM_S3_SSE=AES256 exits 1 "a server that does not encrypt" "$probe" s3://test/x put a "$TEST_DIR/ten"
	has "is told" "$TEST_DIR/err" "does not say that it encrypted it"
	FAKE_SSE=1 fake
	GPM_S3_SSE=AES256 exits 0 "one that does" "$probe" s3://test/x put a "$TEST_DIR/ten"
	GPM_S3_SSE=aws:kms:arn:aws:kms:eu-1:1234:key/ab-cd exits 0 "with a key of its key service" "$probe" s3://test/x put b "$TEST_DIR/ten"
	GPM_S3_SSE=AES256 exits 0 "where nothing may be replaced, too" "$probe" s3://test/x create c "$TEST_DIR/ten"

	cat "$TEST_DIR/tls/server.key" "$TEST_DIR/tls/server.crt" >"$TEST_DIR/both.pem"
	FAKE_PEM=$TEST_DIR/both.pem FAKE_CLIENT_CA=$TEST_DIR/tls/ca.crt fake
	export GPM_ENDPOINT_URL=https${GPM_ENDPOINT_URL#http} AWS_CA_BUNDLE=$TEST_DIR/tls/ca.crt PROBE_RETRY=1
	as() { # NAME: the client with its certificate
		GPM_S3_CLIENT_CERTIFICATE=$TEST_DIR/tls/$1.crt GPM_S3_CLIENT_KEY=$TEST_DIR/tls/$1.key "$probe" s3://test/x put a "$TEST_DIR/ten"
	}
	exits 0 "a certificate that the server trusts" as client
	ok "another one does not come in" sh -c "! GPM_S3_CLIENT_CERTIFICATE='$TEST_DIR/tls/stranger.crt' GPM_S3_CLIENT_KEY='$TEST_DIR/tls/stranger.key' '$probe' s3://test/x head a"
	ok "nor does nobody" sh -c "! '$probe' s3://test/x head a"
	GPM_S3_CLIENT_CERTIFICATE=$TEST_DIR/tls/client.crt GPM_S3_CLIENT_KEY=$TEST_DIR/tls/stranger.key exits 1 "a key of another certificate" \
		"$probe" s3://test/x head a
	has "is told what to look at" "$TEST_DIR/err" "hint: look at --s3-client-certificate"
	is "one put was let in" "$(grep -c . "$TEST_DIR/fake.log")" 1
	unset AWS_CA_BUNDLE PROBE_RETRY
	fake_end
else
	ok "# SKIP python3 or openssl is not installed" true
fi

# --- a real server, with a class COLD and a key of a key service

if ! command -v radosgw >/dev/null; then
	ok "# SKIP radosgw is not installed" true
	done_testing
fi
rgw_up
s3_env
make_class() {
	radosgw-admin -c "$rgw_dir/ceph.conf" zonegroup placement add --rgw-zonegroup default --placement-id default-placement --storage-class COLD &&
		radosgw-admin -c "$rgw_dir/ceph.conf" zone placement add --rgw-zone default --placement-id default-placement --storage-class COLD \
			--data-pool default.rgw.cold.data
}
make_class >"$TEST_DIR/class.log" 2>&1 || comment <"$TEST_DIR/class.log"
printf '%s\n' 'rgw_crypt_require_ssl = false' 'rgw_crypt_s3_kms_backend = testing' \
	"rgw_crypt_s3_kms_encryption_keys = key-1=$(head -c 32 /dev/zero | base64)" >>"$rgw_dir/ceph.conf"
rgw_kill
rgw_start
head_of() { # KEY: the headers that another program sees
	local date signature

	date=$(date -R)
	signature=$(printf 'HEAD\n\n\n%s\n/test/x/%s' "$date" "$1" | openssl dgst -sha1 -hmac "$rgw_secret" -binary | base64)
	curl -sI -H "Date: $date" -H "Authorization: AWS $rgw_access:$signature" "http://127.0.0.1:$(rgw_port)/test/x/$1" | tr -d '\r' >"$TEST_DIR/head"
}
export GPM_S3_STORAGE_CLASS=COLD GPM_S3_SSE=aws:kms:key-1 GPM_S3_TAGS='team=data ware&a+b=ü'
exits 0 "class, encryption and tags" "$probe" s3://test/x put a "$TEST_DIR/ten"
head_of a
has "the class" "$TEST_DIR/head" "X-Amz-Storage-Class: COLD"
has "encrypted" "$TEST_DIR/head" "x-amz-server-side-encryption: aws:kms"
has "with the key" "$TEST_DIR/head" "x-amz-server-side-encryption-aws-kms-key-id: key-1"
s3 GET '/test/x/a?tagging' >/dev/null
has "one tag" "$TEST_DIR/s3.out" "<Key>team</Key><Value>data ware</Value>"
has "and another" "$TEST_DIR/s3.out" "<Key>a+b</Key><Value>ü</Value>"
is "it is read" "$("$probe" s3://test/x get a)" 0123456789
exits 0 "created only where nothing is" "$probe" s3://test/x create b "$TEST_DIR/ten"
head_of b
has "with the class" "$TEST_DIR/head" "X-Amz-Storage-Class: COLD"
exits 0 "preflight" "$build_dir/upload/gpm-push" preflight --to s3://test/x
unset GPM_S3_STORAGE_CLASS GPM_S3_SSE GPM_S3_TAGS
exits 1 "Ceph's gateway stores as it is what AES256 should encrypt" "$build_dir/upload/gpm-push" preflight --to s3://test/x --s3-sse AES256
has "which is found out" "$TEST_DIR/out" "does not say that it encrypted it"
GPM_S3_STORAGE_CLASS=NOSUCH exits 1 "a class that is not there" "$probe" s3://test/x put c "$TEST_DIR/ten"
has "is told" "$TEST_DIR/err" "hint: does the bucket know what --s3-storage-class"
is "nobody else may read" "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$(rgw_port)/test/x/a")" 403
GPM_S3_ACL=public-read exits 0 "an ACL" "$probe" s3://test/x put d "$TEST_DIR/ten"
is "by which everybody may" "$(curl -s "http://127.0.0.1:$(rgw_port)/test/x/d")" 0123456789
done_testing
