#!/usr/bin/env bash
# Goal of this test: a server that is asked by Signature V2, through libs3, keeps what store.h promises, and a whole
# migration goes through it; what libs3 takes for a success is not believed; no certificate is passed over unasked.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../rgw.sh"
. "$(dirname "$0")/../fake_s3.sh"
. "$(dirname "$0")/fixture.sh"

probe=$build_dir/tests/unit/store-probe
export HOME=$TEST_DIR GPM_S3_SIGNATURE=v2
printf '0123456789' >"$TEST_DIR/ten"

AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b "$probe" s3://bucket head a >/dev/null 2>"$TEST_DIR/err" # nobody is there
if grep -q 'without libs3\|signs Signature V4 only' "$TEST_DIR/err"; then
	skip_all "there is no libs3 that signs by Version 2"
fi

# --- a real server

rgw_up
s3_env
exits 0 "what store.h promises holds" env GPM_TEST_S3_URL=s3://test/contract "$build_dir/tests/unit/store_s3.t"
hasnt "every check of it" "$TEST_DIR/out" "not ok"
has "it ran" "$TEST_DIR/out" "ok 100 "
exits 0 "preflight" gpm-push preflight --to s3://test/odd
has "no conditional puts" "$TEST_DIR/out" "an object can be put"
exits 0 "the bucket in the host's name" env GPM_S3_STYLE=virtual GPM_ENDPOINT_URL="http://localhost:$(rgw_port)" \
	"$probe" s3://test/odd put a "$TEST_DIR/ten"
is "it is the same bucket" "$("$probe" s3://test/odd get a 2 3)" 234

pg_up src
pg_up dst
fill_shop src
url=s3://test/warehouse
ok "export" export_shop -q
exits 1 "a wrong secret" env AWS_SECRET_ACCESS_KEY=not-the-secret-at-all gpm-push --spool "$spool" --to "$url" -v
has "is said" "$TEST_DIR/err" SignatureDoesNotMatch
hasnt "and not printed" "$TEST_DIR/err" not-the-secret
exits 1 "no such bucket" gpm-push --spool "$spool" --to s3://nowhere/x
has "is named" "$TEST_DIR/err" "NoSuchBucket"
for delay in 05 15 30; do
	gpm-push --spool "$spool" --to "$url" >/dev/null 2>&1 &
	pid=$!
	sleep "0.$delay"
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
done
rgw_kill
(sleep 1; rgw_start) >/dev/null 2>&1 &
exits 0 "push after three deaths, while the server is away for a while" gpm-push --spool "$spool" --to "$url" -v
hasnt "no signature is told" "$TEST_DIR/err" Signature=
hasnt "nor the secret" "$TEST_DIR/err" "${rgw_secret%%/*}"
wait
exits 0 "every byte, no stranger" gpm-import verify --full --from "$url"
exits 0 "which Version 4 sees as well" env GPM_S3_SIGNATURE=v4 gpm-import verify --full --from "$url"
fresh_warehouse
exits 0 "load" gpm-import load -q -j 4 --verify content --from "$url" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse
same_shop "the same rows"
exits 0 "what a server would run" gpm-import plan --from "$url" --method file_fdw
has "signs in the same way" "$TEST_DIR/out" "--s3-signature v2"
exits 0 "remove" gpm-push remove --to "$url" --run "$(gpm-push list --to "$url" | sed -n '2s/ .*//p')"
is "nothing is left" "$("$probe" "$url" list '' -r)" ""
rgw_down

# --- a scripted server

if ! command -v python3 >/dev/null; then
	ok "# SKIP python3 is not installed" true
	done_testing
fi
requests() {
	awk '{ print $1, $5 }' "$TEST_DIR/fake.log" | tr '\n' '|'
}
p() {
	"$probe" s3://bucket/p "$@"
}

fake ok
exits 0 "put" p put a "$TEST_DIR/ten"
ok "what reads has a signature in its URL" grep -qE "^GET /bucket/p/a\?AWSAccessKeyId=$AWS_ACCESS_KEY_ID&Expires=[0-9]+&Signature=" "$TEST_DIR/fake.log"
fake 500 ok
exits 0 "a refusal without a body, which libs3 takes for a success" p put a "$TEST_DIR/ten"
is "is seen, and put again" "$(requests)" "PUT 500|GET ok|PUT ok|GET ok|"
fake 503 ok error200 ok
exits 0 "503, and 200 with an error in its body" p put a "$TEST_DIR/ten"
is "are put again" "$(p get a) $(grep -c ^PUT "$TEST_DIR/fake.log")" "0123456789 3"
for step in late mute; do
	fake "$step"
	exits 0 "an answer that is lost ($step)" p put a "$TEST_DIR/ten"
	is "of what is there (after $step)" "$(requests)" "PUT $step|GET ok|"
done
printf '0123456780' >"$TEST_DIR/other"
fake ok ok 500 ok
p put a "$TEST_DIR/other"
exits 0 "a false success where another object of the same size is" p put a "$TEST_DIR/ten"
is "does not stay one" "$(p get a)" 0123456789
fake 500 ok ok ok 500 ok
PROBE_RETRY=1 exits 0 "an empty object" p put a /dev/null
fake denied
exits 1 "no right" p put a "$TEST_DIR/ten"
has "has code, text and request" "$TEST_DIR/err" "cannot put 's3://bucket/p/a': AccessDenied: it is so (request fake-2)"
hasnt "and nothing of what was signed" "$TEST_DIR/err" "AWS $AWS_ACCESS_KEY_ID"
fake skew
exits 1 "a clock that the server does not like" p put a "$TEST_DIR/ten"
has "is told" "$TEST_DIR/err" "the server's clock differs too much"
fake plain
p put a "$TEST_DIR/ten"
fake ok ok plain ok cut:4 ok
p put a "$TEST_DIR/ten"
exits 0 "a server that does not know ranges tells a size" p head a
is "all the same" "$(cat "$TEST_DIR/out")" 10
exits 0 "a broken get" p get a
exits 0 "goes on" p get a
is "where it broke" "$(cat "$TEST_DIR/out")" 0123456789
fake
exits 0 "a server without conditional puts" p can-create x
is "it is one, by libs3" "$(cat "$TEST_DIR/out") $(requests)" "0 "
exits 1 "it creates nothing" p create x "$TEST_DIR/ten"
has "and says why" "$TEST_DIR/err" "would replace what is there"
AWS_SESSION_TOKEN=t0ken exits 1 "a session token" p put a "$TEST_DIR/ten"
has "cannot be signed" "$TEST_DIR/err" "the access key has a session token"
hasnt "and is not told" "$TEST_DIR/err" t0ken
AWS_ACCESS_KEY_ID=A23456789012345678901234567890123 exits 1 "an access key that libs3 has no room for" p head a
has "is refused" "$TEST_DIR/err" "none that libs3 can sign with"
fake slow:30
"$probe" s3://bucket/p put a "$TEST_DIR/ten" 2>"$TEST_DIR/stop.err" &
sleep 1
kill -TERM $!
wait $!
is "a signal ends a put" $? 143
exits 2 "a name that libs3 takes for none" "$probe" s3://b/p head a
has "is refused" "$TEST_DIR/err" "libs3 takes no bucket of the name 'b'"
fake_end
PROBE_RETRY=1 exits 5 "nobody there" p put a "$TEST_DIR/ten"
has "it is said" "$TEST_DIR/err" "there is no connection to the server"

# --- certificates

openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=fake -addext subjectAltName=IP:127.0.0.1 \
	-keyout "$TEST_DIR/key.pem" -out "$TEST_DIR/ca.pem" 2>"$TEST_DIR/err" || comment <"$TEST_DIR/err"
cat "$TEST_DIR/key.pem" "$TEST_DIR/ca.pem" >"$TEST_DIR/both.pem"
FAKE_PEM=$TEST_DIR/both.pem fake
GPM_ENDPOINT_URL=https${GPM_ENDPOINT_URL#http}
AWS_CA_BUNDLE=$TEST_DIR/ca.pem exits 2 "a put over TLS that nobody checks" p put a "$TEST_DIR/ten"
has "is refused" "$TEST_DIR/err" "does not look at the certificate"
has "with what may be done" "$TEST_DIR/err" "--allow-unverified-tls"
AWS_CA_BUNDLE=$TEST_DIR/ca.pem exits 1 "preflight" gpm-push preflight --to s3://bucket/p
has "tells it too" "$TEST_DIR/out" "does not look at the certificate"
is "nothing was sent" "$(requests)" ""
export GPM_ALLOW_UNVERIFIED_TLS=true
AWS_CA_BUNDLE=$TEST_DIR/ca.pem exits 0 "unless it is allowed" p put a "$TEST_DIR/ten"
has "which is told" "$TEST_DIR/err" "TLS whose certificate nobody looks at"
exits 1 "what is read is never from whom nobody knows" p get a
has "it is said" "$TEST_DIR/err" "AWS_CA_BUNDLE"
done_testing
