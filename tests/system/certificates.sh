# shellcheck shell=bash
# certificates.sh -- $TEST_DIR/tls for tests of gpfdists, after lib.sh: ca, server, client; expired, and stranger of other-ca.

# certificate NAME SUBJECT AUTHORITY DAYS [EXTENSION]: NAME.crt and NAME.key; an AUTHORITY of itself signs itself
certificate() {
	local name=$1 subject=$2 authority=$3 days=$4 extension=${5:-basicConstraints=CA:FALSE}
	local sign=(-CA "$authority.crt" -CAkey "$authority.key" -CAcreateserial)

	[ "$name" = "$authority" ] && sign=(-signkey "$name.key")
	openssl req -newkey rsa:2048 -nodes -keyout "$name.key" -out "$name.csr" -subj "/CN=$subject" &&
		openssl x509 -req -in "$name.csr" -out "$name.crt" -days "$days" "${sign[@]}" -extfile <(echo "$extension")
}

make_certificates() {
	mkdir "$TEST_DIR/tls" && cd "$TEST_DIR/tls" || return
	certificate ca ca ca 10 basicConstraints=critical,CA:TRUE &&
		certificate other-ca ca other-ca 10 basicConstraints=critical,CA:TRUE &&
		certificate server 127.0.0.1 ca 10 subjectAltName=IP:127.0.0.1 &&
		certificate client segment ca 10 &&
		certificate expired segment ca -1 &&
		certificate stranger segment other-ca 10
}

if command -v openssl >/dev/null; then
	(make_certificates) >"$TEST_DIR/openssl.log" 2>&1 || comment <"$TEST_DIR/openssl.log"
else
	echo "# skipped: gpfdists, because there is no openssl on this host"
fi
