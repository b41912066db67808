#!/usr/bin/env bash
# Goal of this test: access keys from where other tools have them: configuration of AWS, a program, ossutil's file, the
# machine's role; a key that is replaced meanwhile is read again; proxies are gone through; and no secret is in any message.
. "$(dirname "$0")/../lib.sh"

probe=$build_dir/tests/unit/store-probe
export HOME=$TEST_DIR PROBE_VERBOSE=1 AWS_METADATA_SERVICE_TIMEOUT=60
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_CONFIG_FILE \
	AWS_SHARED_CREDENTIALS_FILE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_CA_BUNDLE AWS_EC2_METADATA_DISABLED \
	OSS_ACCESS_KEY_ID OSS_ACCESS_KEY_SECRET OSS_SESSION_TOKEN OSSUTIL_CONFIG_FILE
for name in https_proxy http_proxy no_proxy all_proxy; do
	unset "$name" "${name^^}"
done
printf '0123456789' >"$TEST_DIR/ten"
mkdir "$HOME/.aws"

# start NAME PROGRAM ARGUMENT…: a server of tests/, its port in $port, its log in $TEST_DIR/NAME.log
servers=()
start() {
	local name=$1 program=$2

	shift 2
	rm -f "$TEST_DIR/$name.port"
	python3 "$tests_dir/$program" "$TEST_DIR/$name.port" "$TEST_DIR/$name.log" "$@" 2>"$TEST_DIR/$name.err" &
	servers+=($!)
	while [ ! -e "$TEST_DIR/$name.port" ] && kill -0 $!; do sleep 0.05; done
	port=$(cat "$TEST_DIR/$name.port")
}
stop_servers() {
	kill "${servers[@]}" 2>/dev/null
	wait "${servers[@]}" 2>/dev/null
	servers=()
}
at_end stop_servers

export FAKE_KEYS=$TEST_DIR/keys FAKE_ROLE_KEY=$TEST_DIR/role
echo GOODKEY >"$FAKE_KEYS"
start s3 fake_s3.py
export GPM_ENDPOINT_URL=http://127.0.0.1:$port
# what there is without a key, and no metadata service to ask
dead=http://127.0.0.1:9
export AWS_EC2_METADATA_SERVICE_ENDPOINT=$dead ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT=$dead
works() { # NAME [VARIABLE=VALUE…]: a put does, and no secret is told
	local name=$1

	shift
	exits 0 "$name" env "$@" "$probe" s3://test/x put a "$TEST_DIR/ten"
	hasnt "$name: nothing is told" "$TEST_DIR/err" HIDDEN
}
fails() { # NAME TEXT [VARIABLE=VALUE…]
	local name=$1 text=$2

	shift 2
	exits 1 "$name" env "$@" "$probe" s3://test/x put a "$TEST_DIR/ten"
	has "$name: it is said" "$TEST_DIR/err" "$text"
	hasnt "$name: no secret is told" "$TEST_DIR/err" HIDDEN
}

fails "no key anywhere" "and for a role of this machine"

# --- configuration of AWS

cat >"$HOME/.aws/config" <<-END
	[default]
	region = from-config-1
	aws_access_key_id = GOODKEY
	aws_secret_access_key = HIDDEN1
	[profile other]
	endpoint_url = $GPM_ENDPOINT_URL
	aws_access_key_id=GOODKEY
	aws_secret_access_key=HIDDEN2
	s3 =
	    aws_access_key_id = NESTED
	[profile half]
	aws_access_key_id = GOODKEY
	[other-section]
	aws_access_key_id = WRONG
END
works "a key of the configuration" A=1
works "of another profile, with its endpoint" -u GPM_ENDPOINT_URL AWS_PROFILE=other
fails "half a key" "profile 'half' of '$HOME/.aws/config' has aws_access_key_id but no aws_secret_access_key" AWS_PROFILE=half
printf '[default]\naws_access_key_id = WRONG\naws_secret_access_key = HIDDEN3\n' >"$HOME/.aws/credentials"
fails "the credentials file goes before" InvalidAccessKeyId A=1
rm "$HOME/.aws/credentials"

# --- a program

cat >"$TEST_DIR/a program" <<-'END'
	#!/bin/sh
	echo "HIDDEN on stderr" >&2
	case $1 in
	good) echo '{"Version": 1, "AccessKeyId": "GOODKEY", "SecretAccessKey": "HIDDEN4", "SessionToken": "HIDDEN5", "Expiration": "2099-01-01T00:00:00Z"}' ;;
	'two words') echo '{"Version":1,"AccessKeyId":"GOODKEY","SecretAccessKey":"HIDDEN4"}' ;;
	garbled) echo '{"HIDDEN6"' ;;
	none) echo '{"Version":1}' ;;
	version) echo '{"Version":2,"AccessKeyId":"GOODKEY","SecretAccessKey":"HIDDEN4"}' ;;
	much) head -c 100000 /dev/zero | tr '\0' S ;;
	*) exit 7 ;;
	esac
END
chmod +x "$TEST_DIR/a program"
process() { # ARGUMENT
	printf '[default]\ncredential_process = "%s" %s\n' "$TEST_DIR/a program" "$1" >"$HOME/.aws/config"
}
process good
works "a program" A=1
process "'two words'"
works "with an argument of two words" A=1
process 'two\ words'
works "quoted in another way" A=1
process garbled
fails "a program that writes something else" "that is no JSON object" A=1
process none
fails "no key" "gives no access key" A=1
process version
fails "another version" "is of another version than 1" A=1
process much
fails "too much" "the program says too much" A=1
process bad
fails "that fails" "the program failed (status 7)" A=1
has "with what to do" "$TEST_DIR/err" "hint: run it by hand"
process "'open"
fails "a quote that is not closed" "that is no command" A=1
printf '[default]\ncredential_process = /nowhere/program\n' >"$HOME/.aws/config"
fails "that is not there" "cannot run the program: No such file" A=1
process good
chmod 666 "$HOME/.aws/config"
fails "a file that others may write" "taken only from a file that nobody else can write" A=1
rm "$HOME/.aws/config"

# --- ossutil's file

printf '[Credentials]\nlanguage=EN\nendpoint=127.0.0.1:1\naccessKeyID=GOODKEY\naccessKeySecret=HIDDEN7\nstsToken=HIDDEN8\n' >"$HOME/.ossutilconfig"
works "ossutil's file" A=1
printf '[Credentials]\nendpoint=%s\naccessKeyID=GOODKEY\naccessKeySecret=HIDDEN7\n' "$GPM_ENDPOINT_URL" >"$HOME/.ossutilconfig"
works "with its endpoint" -u GPM_ENDPOINT_URL
printf '[default]\naccessKeyId = GOODKEY\naccessKeySecret = HIDDEN7\n' >"$TEST_DIR/oss2"
works "that of its second version, elsewhere" OSSUTIL_CONFIG_FILE="$TEST_DIR/oss2"
rm "$HOME/.ossutilconfig"

# --- the machine's role

echo "GOODKEY HIDDEN9 HIDDEN10 7200" >"$FAKE_ROLE_KEY"
start aws fake_metadata.py aws
works "a role" AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:$port/"
is "it was asked as it should" "$(cat "$TEST_DIR/aws.log")" "PUT /latest/api/token 200
GET /latest/meta-data/iam/security-credentials/ 200
GET /latest/meta-data/iam/security-credentials/pusher 200"
fails "that is turned off" "there is no access key" AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:$port" AWS_EC2_METADATA_DISABLED=true
works "no proxy is asked for it" AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:$port" http_proxy=$dead no_proxy="$(sed 's|.*//||' <<<"$GPM_ENDPOINT_URL" | cut -d: -f1)x,127.0.0.1"
for kind in roleless old; do
	start aws fake_metadata.py "$kind"
	fails "a service: $kind" "there is no access key" AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:$port"
done
start aws fake_metadata.py garbled
fails "a service that answers nonsense" "the metadata service of AWS, role 'pusher': that is no JSON object" AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:$port"
start aws fake_metadata.py failed
fails "that has no key" "has none to give" AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:$port"
start ecs fake_metadata.py ecs
# Alibaba's own is asked when the bucket is there: a name that is none is enough
exits 5 "Alibaba's role" env ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:$port" PROBE_RETRY=1 no_proxy= https_proxy=$dead \
	GPM_ENDPOINT_URL=https://oss-nowhere.aliyuncs.com "$probe" s3://test/x put a "$TEST_DIR/ten"
is "it was asked as it should" "$(cat "$TEST_DIR/ecs.log")" "PUT /latest/api/token 200
GET /latest/meta-data/ram/security-credentials/ 200
GET /latest/meta-data/ram/security-credentials/pusher 200"
hasnt "no secret is told" "$TEST_DIR/err" HIDDEN

# --- keys that are replaced

stop_servers
file() { printf '[default]\naws_access_key_id = %s\naws_secret_access_key = HIDDEN11\naws_session_token = %s\n' "$1" "$2" >"$HOME/.aws/credentials.new" &&
	mv "$HOME/.aws/credentials.new" "$HOME/.aws/credentials"; }
for refusal in ExpiredToken InvalidAccessKeyId; do
	file OLDKEY HIDDEN12
	echo OLDKEY >"$FAKE_KEYS"
	FAKE_REFUSAL=$refusal start s3 fake_s3.py ok slow:3
	export GPM_ENDPOINT_URL=http://127.0.0.1:$port
	# the first put is under way while the key is replaced; the second comes with the old one
	"$probe" s3://test/x put-twice a "$TEST_DIR/ten" >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
	worker=$!
	while [ "$(grep -c ^PUT "$TEST_DIR/s3.log")" != 2 ]; do sleep 0.05; done
	file NEWKEY HIDDEN13
	echo NEWKEY >"$FAKE_KEYS"
	wait "$worker"
	is "$refusal: a key that was replaced is read again" $? 0
	has "$refusal: it is noted" "$TEST_DIR/err" "the access key was read again"
	hasnt "$refusal: no secret is told" "$TEST_DIR/err" HIDDEN
	stop_servers
done
FAKE_REFUSAL=ExpiredToken start s3 fake_s3.py
export GPM_ENDPOINT_URL=http://127.0.0.1:$port
file OLDKEY HIDDEN12
fails "one that was not replaced" "hint: get a new session token" A=1
is "was sent once" "$(grep -c ^PUT "$TEST_DIR/s3.log")" 1
rm "$HOME/.aws/credentials"
echo "OLDKEY HIDDEN14 HIDDEN15 3" >"$FAKE_ROLE_KEY"
start aws fake_metadata.py aws
export AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:$port
echo OLDKEY >"$FAKE_KEYS"
works "a role's key that ends soon is asked for anew" A=1
is "before it is used" "$(grep -c 'pusher 200' "$TEST_DIR/aws.log")" 2
stop_servers

# --- proxies

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$TEST_DIR/key.pem" -out "$TEST_DIR/cert.pem" -days 2 -subj /CN=127.0.0.1 \
	-addext subjectAltName=IP:127.0.0.1 2>/dev/null
cat "$TEST_DIR/key.pem" "$TEST_DIR/cert.pem" >"$TEST_DIR/both.pem"
file GOODKEY HIDDEN16
echo GOODKEY >"$FAKE_KEYS"
FAKE_PEM=$TEST_DIR/both.pem start s3 fake_s3.py
s3_port=$port
export GPM_ENDPOINT_URL=https://127.0.0.1:$port AWS_CA_BUNDLE=$TEST_DIR/cert.pem
start proxy fake_proxy.py ok
works "through a proxy" https_proxy="http://someone:HIDDEN17@127.0.0.1:$port"
is "which knows who asks" "$(cat "$TEST_DIR/proxy.log")" "CONNECT 127.0.0.1:$s3_port HTTP/1.1 known ok"
works "past it" https_proxy="http://127.0.0.1:$port" no_proxy=example.org,127.0.0.1
is "it was not asked" "$(wc -l <"$TEST_DIR/proxy.log")" 1
start proxy fake_proxy.py 407 403 503 hangup ok
proxy=$port
fails "a proxy that wants to know who asks" "the proxy does not let us through: HTTP 407" https_proxy="http://127.0.0.1:$proxy"
has "what to do" "$TEST_DIR/err" "hint: the proxy wants to know who asks"
fails "one that refuses" "the proxy does not let us through: HTTP 403" https_proxy="http://someone:HIDDEN17@127.0.0.1:$proxy"
has "what to do" "$TEST_DIR/err" "hint: ask for leave"
works "one that is busy, then hangs up, is tried again" https_proxy="http://127.0.0.1:$proxy"
is "as often as it takes" "$(wc -l <"$TEST_DIR/proxy.log")" 5
exits 5 "no proxy" env PROBE_RETRY=1 https_proxy=$dead "$probe" s3://test/x head a
has "it is said" "$TEST_DIR/err" "https_proxy"
done_testing
