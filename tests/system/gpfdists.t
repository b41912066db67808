#!/usr/bin/env bash
# Goal of this test: --tls-certificate, --tls-key and --tls-authority make gpm-import serve speak gpfdists to segments that show a certificate, and
# to nobody else; half of them is refused.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/certificates.sh"

[ -f "$TEST_DIR/tls/stranger.crt" ] || skip_all "there is no openssl on this host to make certificates"
pg_up src
fill_shop src 4000
ok "export" export_shop -q
ok "push" push_shop -q
tls=$TEST_DIR/tls
options=(--tls-certificate "$tls/server.crt" --tls-key "$tls/server.key" --tls-authority "$tls/ca.crt")

# serve [OPTION…]: in the background; its URL in $url
serve() {
	rm -f "$TEST_DIR/url"
	gpm-import serve --from "file://$bucket" -t sales.lines --listen 127.0.0.1 "$@" >"$TEST_DIR/url" 2>"$TEST_DIR/serve.err" &
	server=$!
	until [ -s "$TEST_DIR/url" ] || ! kill -0 "$server" 2>/dev/null; do sleep 0.1; done
	url=$(cat "$TEST_DIR/url")
}

# segments CERTIFICATE: three of them read $url; their rows on stdout
segments() {
	PYTHONDONTWRITEBYTECODE=1 python3 - "$tests_dir" "$url" "$tls" "$1" <<'PY'
import sys, threading
sys.path.insert(0, sys.argv[1])
from segment_reader import Reader as Reader
from segment_sim import tls_context
url, tls, name = sys.argv[2:]
context = tls_context(f"{tls}/ca.crt", f"{tls}/{name}.crt", f"{tls}/{name}.key")
rows = [None] * 3
def read(i):
    rows[i] = Reader(url, i, 3, tls=context).read()
threads = [threading.Thread(target=read, args=(i,)) for i in range(3)]
for t in threads: t.start()
for t in threads: t.join()
if None in rows: sys.exit(1)
sys.stdout.buffer.write(b"".join(rows))
PY
}

serve "${options[@]}"
is "the URL is gpfdists" "${url%%:*}" gpfdists
is "a stranger gets nothing" "$(segments stranger 2>/dev/null | wc -c)" 0
has "which is told" "$TEST_DIR/serve.err" "no certificate of --tls-authority"
segments client | LC_ALL=C sort | md5sum >"$TEST_DIR/rows"
wait "$server"
is "the segments get every row once" "$? $(cat "$TEST_DIR/rows")" \
	"0 $(q src shop "copy sales.lines to stdout csv" | LC_ALL=C sort | md5sum)"
exits 2 "a key alone" gpm-import serve --from "file://$bucket" -t sales.lines --listen 127.0.0.1 --tls-key "$tls/server.key"
has "is told" "$TEST_DIR/err" "three files"
exits 1 "the key of another certificate" gpm-import serve --from "file://$bucket" -t sales.lines --listen 127.0.0.1 "${options[@]}" --tls-key "$tls/client.key"
has "is told" "$TEST_DIR/err" "cannot use the server's certificate and key"
exits 2 "gpm-export: a key alone" export_shop --tls-key "$tls/server.key"
has "is told before anything is begun" "$TEST_DIR/err" "three files"
done_testing
