#!/usr/bin/env bash
# Goal of this test: a bucket as a store, against a real server (Ceph's gateway) that is killed, refuses
# and holds what others put there, and against a scripted one that lies, stalls and breaks off.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../rgw.sh"
. "$(dirname "$0")/../fake_s3.sh"

probe=$build_dir/tests/unit/store-probe
export HOME=$TEST_DIR

# --- a real server

rgw_up
s3_env
exits 0 "what store.h promises holds" env GPM_TEST_S3_URL=s3://test/contract "$build_dir/tests/unit/store_s3.t"
hasnt "every check of it" "$TEST_DIR/out" "not ok"
has "it ran" "$TEST_DIR/out" "ok 100 "

printf '0123456789' >"$TEST_DIR/ten"
for key in 'a%20b' 'a%2520b' 'x/' 'x//y' 'x/../z' '%C3%A4%2Bc%26d%3C%0A%01' 'plus+minus' 'other/x'; do
	is "another program puts $key" "$(s3 PUT "/test/odd/$key" "$TEST_DIR/ten")" 200
done
is "names that are no keys are listed and flagged" "$("$probe" s3://test/odd list '' -r | tr '\n' '|')" \
	"%C3%A4+c%26d%3C%0A%01 ?10|a%20b ?10|a%20b 10|other/x 10|plus+minus 10|x%2F ?10|x/../z ?10|x//y ?10|"
is "folders of them" "$("$probe" s3://test/odd list x/ | tr '\n' '|')" "x%2F ?10|x/../ ?0|x// ?0|"
is "a prefix is no part of a name" "$("$probe" s3://test/o list '' -r)" ""
is "what another program put is read" "$("$probe" s3://test/odd get plus+minus)" 0123456789
is "what has a key of ours too" "$("$probe" s3://test/odd get a%20b 2 3)" 234

exits 1 "a bucket that is not there: list" "$probe" s3://nothing list ''
has "it says so" "$TEST_DIR/err" "cannot list 's3://nothing/': HTTP 404 NoSuchBucket"
has "with a hint" "$TEST_DIR/err" "hint: make the bucket"
exits 1 "a bucket that is not there: head is no absence" "$probe" s3://nothing/x head a
has "it says so as well" "$TEST_DIR/err" "NoSuchBucket"
exits 1 "a bucket that is not there: put" "$probe" s3://nothing/x put a "$TEST_DIR/ten"
has "and here" "$TEST_DIR/err" "cannot put 's3://nothing/x/a': HTTP 404 NoSuchBucket"

exits 0 "preflight" "$build_dir/upload/gpm-push" preflight --to s3://test/odd
ok "the clocks agree" grep -qE "^ok       the clocks agree within [123] s" "$TEST_DIR/out"
has "conditional puts are known" "$TEST_DIR/out" "ok       an object can be created only where none is"
is "nothing is left of it" "$("$probe" s3://test/odd list '' | grep -c preflight)" 0

# --- credentials

AWS_SECRET_ACCESS_KEY=wrongSecretWrongSecret exits 1 "a wrong secret" "$probe" s3://test/x put a "$TEST_DIR/ten"
has "is named" "$TEST_DIR/err" "HTTP 403 SignatureDoesNotMatch"
has "what to do" "$TEST_DIR/err" "the secret key does not belong"
hasnt "the secret is not shown" "$TEST_DIR/err" wrongSecret
AWS_SECRET_ACCESS_KEY=wrongSecretWrongSecret PROBE_VERBOSE=1 exits 1 "a wrong secret, every message" "$probe" s3://test/x head a
hasnt "the secret is in none" "$TEST_DIR/err" wrongSecret
hasnt "nor a signature" "$TEST_DIR/err" Signature=
AWS_ACCESS_KEY_ID=NOBODY exits 1 "an unknown access key" "$probe" s3://test/x list ''
has "is named as well" "$TEST_DIR/err" InvalidAccessKeyId
exits 1 "no access key" env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY "$probe" s3://test/x list ''
has "it says where it looked" "$TEST_DIR/err" "$HOME/.aws/credentials"
mkdir "$HOME/.aws"
printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$rgw_access" "$rgw_secret" >"$HOME/.aws/credentials"
exits 0 "an access key from the file" env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY "$probe" s3://test/odd get other/x
conf=$TEST_DIR/gpm.conf
(umask 077; printf '%s\n' "to = s3://test/odd" "access_key_id = $rgw_access" "secret_access_key = $rgw_secret # not for others" >"$conf")
preflight() { # OPTION…: without a key in the environment or a file
	env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY AWS_PROFILE=none "$build_dir/upload/gpm-push" preflight "$@"
}
exits 0 "an access key from gpm.conf" preflight -c "$conf" -v --log-format json
hasnt "is not told" "$TEST_DIR/err" "${rgw_secret%%/*}"
hasnt "nowhere" "$TEST_DIR/out" "${rgw_secret%%/*}"
exits 1 "without it" preflight --to s3://test/odd
has "gpm.conf is named as a place" "$TEST_DIR/out" "for access_key_id in gpm.conf"
AWS_SECRET_ACCESS_KEY=wrongSecretWrongSecret exits 1 "the environment goes before it" "$build_dir/upload/gpm-push" preflight -c "$conf"
has "also when it is wrong" "$TEST_DIR/out" SignatureDoesNotMatch
sed -i '/^access_key_id/d' "$conf"
exits 1 "half of it in gpm.conf" preflight -c "$conf"
has "is half" "$TEST_DIR/out" "'$conf' has secret_access_key but no access_key_id"
chmod 640 "$conf"
exits 2 "a gpm.conf that others can read" preflight -c "$conf" -v
has "is refused" "$TEST_DIR/err" "$conf:2: secret_access_key is taken only from a file that nobody else can read"
has "with the cure" "$TEST_DIR/err" "hint: chmod 600 '$conf'"
hasnt "without the key" "$TEST_DIR/err" "${rgw_secret%%/*}"
exits 0 "an endpoint from AWS's variable" env -u GPM_ENDPOINT_URL AWS_ENDPOINT_URL="$GPM_ENDPOINT_URL" "$probe" s3://test/odd get other/x
exits 0 "the bucket in the host's name" env GPM_S3_STYLE=virtual GPM_ENDPOINT_URL="http://localhost:$(rgw_port)" \
	"$probe" s3://test/odd get other/x
is "it is the same bucket" "$(cat "$TEST_DIR/out")" 0123456789

# The sanitizer has to be loaded before any other library, so faketime's cannot be.
if ! faketime -f -1h "$probe" s3://test/odd get other/x >"$TEST_DIR/out" 2>"$TEST_DIR/err" && grep -q clock "$TEST_DIR/err"; then
	exits 1 "a clock that is an hour behind" faketime -f -1h "$probe" s3://test/x put a "$TEST_DIR/ten"
	ok "is measured" grep -qE "this machine.s clock is (359.|360.) seconds behind the server.s" "$TEST_DIR/err"
	has "with a hint" "$TEST_DIR/err" "set this machine's clock"
	exits 1 "a clock that is an hour ahead, and no body to say so" faketime -f +1h "$probe" s3://test/x head a
	has "is measured" "$TEST_DIR/err" "seconds ahead of the server's"
	faketime -f -5m "$probe" s3://test/odd clock other/x >"$TEST_DIR/out"
	ok "one that is five minutes behind is told to who asks" grep -qE '^-(29.|30.)$' "$TEST_DIR/out"
	exits 1 "preflight with a clock that is an hour off" faketime -f -1h "$build_dir/upload/gpm-push" preflight --to s3://test/odd
	ok "tells it, and both times" grep -qE "FAILED .*clock is (359.|360.) seconds behind the server.s: 20.*:.. UTC here, 20.*:.. UTC there" "$TEST_DIR/out"
	is "once" "$(grep -c clock <(grep -v 'set this' "$TEST_DIR/out"))" 1
	exits 0 "preflight with a clock that is five minutes off" faketime -f +5m "$build_dir/upload/gpm-push" preflight --to s3://test/odd
	ok "warns" grep -qE "^warning  this machine.s clock is (29.|30.) seconds ahead of the server.s" "$TEST_DIR/out"
else
	ok "# SKIP faketime cannot be used" true
fi

# --- a server that dies

# frozen_put: a put whose body is half-way when the gateway dies.
head -c 60000000 /dev/urandom >"$TEST_DIR/big"
rgw_freeze
PROBE_VERBOSE=1 "$probe" s3://test/x put big "$TEST_DIR/big" 2>"$TEST_DIR/put.err" &
sleep 2
rgw_kill
sleep 1.5
rgw_start
wait $!
is "a put outlives the server's death" $? 0
has "by another try" "$TEST_DIR/put.err" "trying again"
ok "the object is whole" sh -c "'$probe' s3://test/x get big | cmp - '$TEST_DIR/big'"
is "there is nothing else" "$("$probe" s3://test/x list '' -r)" "big 60000000"
rgw_kill
PROBE_RETRY=2 exits 5 "a server that stays away" "$probe" s3://test/x head big
has "it says how often it tried" "$TEST_DIR/err" "given up after"
has "what it tried" "$TEST_DIR/err" "cannot examine 's3://test/x/big': "
has "with a hint" "$TEST_DIR/err" "check --endpoint-url"
"$probe" s3://test/x head big 2>"$TEST_DIR/stop.err" &
sleep 1
kill -TERM $!
wait $!
is "a signal ends the waiting" $? 143
rgw_down

# Not the five minutes that other trouble gets; unit/retry.t has the numbers.
GPM_ENDPOINT_URL=http://no-such-host.invalid exits 5 "a name that nobody knows" timeout 120 "$probe" s3://test/x head big
ok "is tried more than once" grep -qE "given up after ([3-9]|[1-9][0-9]) tries" "$TEST_DIR/err"
has "and named" "$TEST_DIR/err" "Could not resolve host: no-such-host.invalid"
has "with a hint" "$TEST_DIR/err" "check --endpoint-url"

# --- a scripted server

# requests: what the server was asked for, one a line: method, range, If-Match, step.
requests() {
	awk '{ print $1, $3, $4, $5 }' "$TEST_DIR/fake.log" | sed 's/"[0-9a-f]\{32\}"/TAG/' | tr '\n' '|'
}

if ! command -v python3 >/dev/null; then
	ok "# SKIP python3 is not installed" true
	done_testing
fi
p() {
	"$probe" s3://b/p "$@"
}

fake 503 500 ok
exits 0 "503 and 500, then well" p put a "$TEST_DIR/big"
is "three puts" "$(requests)" "PUT - - 503|PUT - - 500|PUT - - ok|"
ok "the object is whole" sh -c "GPM_ENDPOINT_URL=$GPM_ENDPOINT_URL '$probe' s3://b/p get a | cmp - '$TEST_DIR/big'"

fake 503:2
start=$SECONDS
exits 0 "the server's wish to wait" p put a "$TEST_DIR/ten"
ok "is heeded" test $((SECONDS - start)) -ge 2
fake 503:3600
exits 5 "a wish to wait for an hour" p put a "$TEST_DIR/ten"
has "is not" "$TEST_DIR/err" "SlowDown"

fake error200 ok
exits 0 "200 with an error in its body: put" p put a "$TEST_DIR/ten"
is "is put again" "$(requests)" "PUT - - error200|PUT - - ok|"
fake error200 ok
exits 0 "200 with an error in its body: list" p list ''
is "is listed again" "$(requests)" "GET - - error200|GET - - ok|"

fake cut:1000 cut:30000000 cut:0 late ok
exits 0 "a connection that dies during puts, at last before the answer" p put a "$TEST_DIR/big"
is "five puts" "$(requests)" "PUT - - cut:1000|PUT - - cut:30000000|PUT - - cut:0|PUT - - late|PUT - - ok|"

fake ok cut:4 cut:2 cut:0 ok
p put a "$TEST_DIR/ten"
exits 0 "a connection that dies during gets" p get a
is "each byte comes once" "$(cat "$TEST_DIR/out")" 0123456789
is "what is missing is asked for, of the same object" "$(requests)" \
	"PUT - - ok|GET - - cut:4|GET bytes=4-9 TAG cut:2|GET bytes=6-9 TAG cut:0|GET bytes=6-9 TAG ok|"
fake ok cut:2 503 ok
p put a "$TEST_DIR/ten"
exits 0 "a range over a connection that dies" p get a 3 5
is "each byte of it comes once" "$(cat "$TEST_DIR/out")" 34567
is "with the same end" "$(requests)" "PUT - - ok|GET bytes=3-7 - cut:2|GET bytes=5-7 TAG 503|GET bytes=5-7 TAG ok|"
fake ok short
p put a "$TEST_DIR/ten"
PROBE_RETRY=1 exits 0 "a Content-Length that is too small is believed for a whole object" p get a
fake ok short
p put a "$TEST_DIR/ten"
exits 1 "but not for a range" p get a 2 4
is "no byte of it comes" "$(cat "$TEST_DIR/out")" ""
has "it says why" "$TEST_DIR/err" "Content-Range and Content-Length"
for step in changed plain gone; do
	fake ok cut:4 "$step"
	p put a "$TEST_DIR/ten"
	exits 4 "$step while it is read" p get a
	is "$step: no byte comes twice or from another object" "$(cat "$TEST_DIR/out")" 0123
	has "$step: it says so" "$TEST_DIR/err" "while it was read"
done
fake ok plain
p put a "$TEST_DIR/ten"
exits 1 "a server that does not know ranges" p get a 3 5
is "gives nothing" "$(cat "$TEST_DIR/out")" ""
fake ok chunked
p put a "$TEST_DIR/ten"
exits 1 "an answer of unknown length" p get a
is "gives nothing" "$(cat "$TEST_DIR/out")" ""
fake ok noetag tagless:4 tagless:0 ok
p put a "$TEST_DIR/ten"
exits 0 "an object without ETag is read" p get a
exits 5 "but when it breaks off, nobody knows whether the rest is of the same" p get a
is "nothing of the rest comes" "$(cat "$TEST_DIR/out")" 0123
exits 0 "unless nothing came at all" p get a
is "it comes whole" "$(cat "$TEST_DIR/out")" 0123456789

fake late ok
exits 0 "a create whose answer is lost" p create a "$TEST_DIR/ten"
is "is ours" "$(cat "$TEST_DIR/out")" 1
is "what is in the way is read" "$(requests)" "PUT - - late|PUT - - ok|HEAD - - ok|GET - - ok|"
exits 0 "another one" p create a "$TEST_DIR/ten"
is "is not, though its bytes are the same" "$(cat "$TEST_DIR/out")" 0
fake ok late ok
p put a "$TEST_DIR/big"
exits 0 "an answer that is lost where another's object is" p create a "$TEST_DIR/ten"
is "does not make it ours" "$(cat "$TEST_DIR/out") $(p head a)" "0 60000000"
printf '0123456780' >"$TEST_DIR/other"
fake ok cut:0 ok
p put a "$TEST_DIR/other"
exits 0 "nor one of the same size" p create a "$TEST_DIR/ten"
is "as its bytes tell" "$(cat "$TEST_DIR/out") $(requests)" "0 PUT - - ok|PUT - - cut:0|PUT - - ok|HEAD - - ok|GET - - ok|"
fake ok conflict 503 late
p put a "$TEST_DIR/ten"
exits 0 "a conflict is tried again" p create b "$TEST_DIR/big"
is "until it is known whose it is" "$(cat "$TEST_DIR/out")" 1
exits 0 "a server with conditional puts" p can-create x
is "is known by trying" "$(cat "$TEST_DIR/out") $(p head x)" "1 absent"
fake ignorant ignorant
exits 0 "a server that takes no notice of the condition" p can-create x
is "is known" "$(cat "$TEST_DIR/out") $(p head x)" "0 absent"
fake unknown
exits 0 "one that says so" p can-create x
is "as well" "$(cat "$TEST_DIR/out") $(p head x) $(requests)" "0 absent PUT - - unknown|HEAD - - ok|GET bytes=0-0 - ok|"
fake unknown
exits 1 "it creates nothing" p create x "$TEST_DIR/ten"
has "and says why" "$TEST_DIR/err" "would replace what is there"
FAKE_OSS=1 fake
exits 0 "OSS" p can-create x
is "has a header of its own" "$(cat "$TEST_DIR/out") $(awk '{ print $1, $6 }' "$TEST_DIR/fake.log" | tr '\n' '|')" \
	"1 PUT if-none-match|PUT x-oss-forbid-overwrite|PUT x-oss-forbid-overwrite|HEAD -|DELETE -|"
FAKE_OSS=1 fake ok mute
exits 0 "a lost answer of OSS, over a kept connection" p create x "$TEST_DIR/ten"
is "is no other's object" "$(cat "$TEST_DIR/out") $(requests)" "1 PUT - - ok|PUT - - mute|PUT - - ok|HEAD - - ok|GET - - ok|"
FAKE_OSS=1 fake ok crc ok crc cut:4 ok
exits 0 "OSS's CRC64 of a put" p put a "$TEST_DIR/ten"
exits 4 "another one" p put a "$TEST_DIR/ten"
has "is told" "$TEST_DIR/err" "the server says that the CRC64 of what it stored is"
exits 0 "its CRC64 of a get" p get a
exits 4 "another one" p get a
has "is told as well" "$TEST_DIR/err" "the CRC64 of what came is"
exits 0 "that of a get in two tries" p get a
is "is of both" "$(cat "$TEST_DIR/out")" 0123456789
FAKE_OSS=1 fake ok crc
p put a "$TEST_DIR/ten"
exits 0 "a part has none" p get a 2 3
fake undeletable undeletable undeletable undeletable
exits 0 "a probe that may not be removed" p can-create x
is "stays" "$(cat "$TEST_DIR/out") $(p head x)" "1 1"

fake etag
exits 4 "an ETag that is not the MD5" p put a "$TEST_DIR/ten"
has "it says so" "$TEST_DIR/err" "the MD5 is 781e5e245d69b566979b86e28d23f2c7"
fake kms
exits 0 "which is none of an object encrypted with a key of a key service" p put a "$TEST_DIR/ten"
fake noetag
exits 1 "no ETag" p put a "$TEST_DIR/ten"
fake html
exits 1 "a proxy's page" p put a "$TEST_DIR/ten"
has "with a hint" "$TEST_DIR/err" "no proxy's page"
fake html
exits 1 "a proxy's page instead of a list" p list ''
has "it says so" "$TEST_DIR/err" "no ListBucketResult"
fake badlist
exits 1 "half a list" p list ''
fake redirect
exits 1 "a redirect is not followed" p put a "$TEST_DIR/ten"
has "the region is told" "$TEST_DIR/err" "far-away-1"
is "no second request" "$(requests)" "PUT - - redirect|"

fake skew
exits 1 "a clock that the server does not like" p put a "$TEST_DIR/ten"
ok "is measured" grep -qE "clock is (359.|360.) seconds behind" "$TEST_DIR/err"
is "and not tried again" "$(requests)" "PUT - - skew|"
fake skewdark
exits 1 "a clock that a server without one does not like" p put a "$TEST_DIR/ten"
ok "is told" grep -qE "the server's clock differs too much from this machine's, where it is 20.*:.. UTC" "$TEST_DIR/err"
fake skewhead
exits 1 "the same without a body" p head a
ok "is measured as well" grep -qE "clock is (359.|360.) seconds behind" "$TEST_DIR/err"
FAKE_AHEAD=-1200 fake
exits 1 "preflight with a server that does not mind a clock that is twenty minutes off" "$build_dir/upload/gpm-push" preflight --to s3://b/p
ok "fails" grep -qE "^FAILED   this machine.s clock is (119.|120.) seconds ahead of the server" "$TEST_DIR/out"
has "and goes on" "$TEST_DIR/out" "the same bytes"
fake denied
exits 1 "no right" p get a
has "has code, text and request" "$TEST_DIR/err" "cannot get 's3://b/p/a': HTTP 403 AccessDenied: it is so (request fake-1)"
hasnt "and nothing of what was signed" "$TEST_DIR/err" "Credential="
fake ok ok denied
p put a "$TEST_DIR/ten"
exits 1 "no right to remove" p remove a
has "is told" "$TEST_DIR/err" "cannot remove 's3://b/p/a': HTTP 403 AccessDenied"

fake ok hangup ok
p put a "$TEST_DIR/ten"
exits 0 "a kept connection that has died meanwhile" p remove a
is "costs no try" "$(requests)" "PUT - - ok|HEAD - - hangup|DELETE - - ok|"

openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=fake -addext subjectAltName=IP:127.0.0.1 \
	-keyout "$TEST_DIR/key.pem" -out "$TEST_DIR/ca.pem" 2>"$TEST_DIR/err" || comment <"$TEST_DIR/err"
cat "$TEST_DIR/key.pem" "$TEST_DIR/ca.pem" >"$TEST_DIR/both.pem"
FAKE_PEM=$TEST_DIR/both.pem fake
GPM_ENDPOINT_URL=https${GPM_ENDPOINT_URL#http}
exits 1 "a certificate that nobody vouches for" p put a "$TEST_DIR/ten"
has "is a reason of its own" "$TEST_DIR/err" "hint: put the certificate of the server's authority"
AWS_CA_BUNDLE=$TEST_DIR/ca.pem exits 0 "a private authority" p put a "$TEST_DIR/ten"
CURL_CA_BUNDLE=$TEST_DIR/ca.pem exits 0 "by curl's variable too" p get a
AWS_CA_BUNDLE=$TEST_DIR/none.pem exits 1 "a file of authorities that is not there" p get a
is "nothing was sent to whom nobody knows" "$(requests)" "PUT - - ok|GET - - ok|"

fake 503:60
"$probe" s3://b/p put a "$TEST_DIR/ten" 2>"$TEST_DIR/stop.err" &
sleep 1
start=$SECONDS
kill -TERM $!
wait $!
is "a signal ends a wait that the server wishes" $? 143
ok "at once too" test $((SECONDS - start)) -lt 30
fake ok slow:3
p put a "$TEST_DIR/ten"
exits 0 "a slow server" p get a
fake ok drip:3
p put a "$TEST_DIR/big"
exits 0 "a body that halts" p get a
ok "comes whole" cmp "$TEST_DIR/out" "$TEST_DIR/big"
fake slow:30
"$probe" s3://b/p put a "$TEST_DIR/ten" 2>"$TEST_DIR/stop.err" &
sleep 1
start=$SECONDS
kill -TERM $!
wait $!
is "a signal ends a request" $? 143
ok "at once" test $((SECONDS - start)) -lt 20
done_testing
