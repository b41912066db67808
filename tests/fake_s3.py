#!/usr/bin/env python3
"""fake_s3.py -- an S3 server that misbehaves on request, for system tests.

    fake_s3.py PORT_FILE LOG STEP...

Listens on 127.0.0.1, on a port of its own choice below 32768, written to PORT_FILE.  Each request takes
the next STEP; when none is left every further one is answered well.  LOG gets a line for each request:
method, path, range, if-match, the step.  Objects are kept in memory; signatures are not checked, the hashes of
what is put are.  With FAKE_PEM, a file of a certificate and its key, it speaks https.

    ok            as an S3 server should
    503, 503:N    SlowDown, with Retry-After: N
    500           without a body
    error200      200 whose body is an <Error>
    cut:N         GET: N bytes of the body, then the connection dies; PUT: it dies after N bytes came
    tagless:N     as cut, without an ETag
    late          PUT: stored, but the connection dies before the answer
    hangup        as ok, but the connection is closed without a word about it
    etag          an ETag that is not the body's
    kms           the same, with the header of a key service
    noetag        no ETag
    html          200 and a page that no S3 server sends
    short         Content-Length without the last byte, which is not sent either
    plain         GET: 200 and everything, whatever range was asked for
    chunked       GET: no Content-Length
    changed       the object is another one from now on
    gone          the object is removed
    slow:S        S seconds of nothing, then the answer
    drip:S        GET: half of the body, S seconds of nothing, then the rest
    badlist       the answer to a list ends early
    redirect      307 to another place
    skew          403 RequestTimeTooSkewed, by a clock an hour ahead
    skewhead      403 without a body, by the same clock
    denied        403 AccessDenied, with what an error might repeat of the request
"""
import base64
import email.utils
import hashlib
import http.server
import os
import random
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse

objects = {}
steps = []
lock = threading.Lock()
log = None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "fake"
    step = "ok"

    def log_message(self, *args):
        pass

    def date_time_string(self, timestamp=None):
        ahead = 3600 if self.step.startswith("skew") else 0
        return email.utils.formatdate(time.time() + ahead, usegmt=True)

    def handle_expect_100(self):
        return True  # the body is asked for when it is read

    def begin(self):
        with lock:
            self.step = steps.pop(0) if steps else "ok"
            log.write(f"{self.command} {self.path} {self.headers['range'] or '-'} {self.headers['if-match'] or '-'} {self.step}\n")
            log.flush()
        self.name, _, argument = self.step.partition(":")
        self.argument = float(argument or 0)
        self.key = urllib.parse.unquote(self.path.partition("?")[0])
        if self.name == "slow":
            time.sleep(self.argument)
        if self.name == "changed" and self.key in objects:
            objects[self.key] = b"another" + objects[self.key][7:]
        if self.name == "gone":
            objects.pop(self.key, None)

    def die(self):
        """As a process that is killed: the other side gets a reset."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()
        self.close_connection = True

    def answer(self, status, body=b"", headers=(), length=None):
        self.send_response(status)
        self.send_header("x-amz-request-id", "fake-1")
        for name, value in headers:
            self.send_header(name, value)
        if self.name != "chunked" and status != 204:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        else:
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        if self.name == "hangup":
            self.close_connection = True

    def error(self, status, code, headers=(), extra=""):
        body = f"<Error><Code>{code}</Code><Message>it is so</Message><RequestId>fake-2</RequestId>{extra}</Error>"
        self.answer(status, body.encode(), headers)

    def refused(self):
        """Steps that any method may meet."""
        if self.name == "503":
            self.error(503, "SlowDown", [("Retry-After", str(int(self.argument)))] if self.argument else [])
        elif self.name == "500":
            self.answer(500)
        elif self.name == "error200":
            self.error(200, "InternalError")
        elif self.name == "html":
            self.answer(200, b"<html><body>Please log in</body></html>")
        elif self.name == "redirect":
            self.answer(307, headers=[("Location", f"http://127.0.0.1:1{self.path}"), ("x-amz-bucket-region", "far-away-1")])
        elif self.name == "skew":
            self.error(403, "RequestTimeTooSkewed")
        elif self.name == "skewhead":
            self.answer(403)
        elif self.name == "denied":
            self.error(403, "AccessDenied", extra=f"<StringToSign>{self.headers['authorization']}</StringToSign>")
        else:
            return False
        return True

    def read_body(self, limit):
        left = min(int(self.headers["content-length"]), limit)
        pieces = []
        while left > 0:
            piece = self.rfile.read(min(left, 65536))
            if not piece:
                break
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def do_PUT(self):
        self.begin()
        if (self.headers["expect"] or "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if self.name == "cut":
            self.read_body(int(self.argument))
            self.die()
            return
        body = self.read_body(1 << 40)
        if self.refused():
            return
        md5 = hashlib.md5(body).hexdigest()
        if base64.b64decode(self.headers["content-md5"]).hex() != md5:
            self.error(400, "InvalidDigest")
            return
        if self.headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
            self.error(400, "InvalidRequest")
            return
        objects[self.key] = body
        if self.name == "late":
            self.die()
        elif self.name == "etag":
            self.answer(200, headers=[("ETag", '"' + "0" * 32 + '"')])
        elif self.name == "kms":
            self.answer(200, headers=[("ETag", '"' + "0" * 32 + '"'), ("x-amz-server-side-encryption", "aws:kms")])
        elif self.name == "noetag":
            self.answer(200)
        else:
            self.answer(200, headers=[("ETag", f'"{md5.upper()}"')])

    def range_of(self, size):
        text = self.headers["range"]
        if text is None or self.name == "plain":
            return 0, size, 200
        first, last = text[len("bytes="):].split("-")
        return int(first), min(int(last) + 1, size) if last else size, 206

    def do_GET(self):
        self.begin()
        if self.refused():
            return
        if "list-type=2" in self.path:
            body = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
            self.answer(200, body[:30] if self.name == "badlist" else body)
            return
        body = objects.get(self.key)
        if body is None:
            self.error(404, "NoSuchKey")
            return
        etag = '"' + hashlib.md5(body).hexdigest() + '"'
        if self.headers["if-match"] not in (None, etag):
            self.error(412, "PreconditionFailed")
            return
        first, end, status = self.range_of(len(body))
        if first >= end and status == 206:
            self.error(416, "InvalidRange")
            return
        headers = [("Content-Range", f"bytes {first}-{end - 1}/{len(body)}")] if status == 206 else []
        if self.name not in ("noetag", "tagless"):
            headers.append(("ETag", etag))
        self.send_object(status, body[first:end], headers)

    def send_object(self, status, body, headers):
        if self.name in ("cut", "tagless"):
            self.answer(status, body[:int(self.argument)], headers, len(body))
            time.sleep(0.2)  # a reset would overtake what was sent
            self.die()
        elif self.name == "drip":
            half = len(body) // 2
            self.answer(status, body[:half], headers, len(body))
            self.wfile.flush()
            time.sleep(self.argument)
            self.wfile.write(body[half:])
        elif self.name == "short":
            self.answer(status, body[:-1], headers)
        else:
            self.answer(status, body, headers)

    def do_HEAD(self):
        self.begin()
        if self.refused():
            return
        body = objects.get(self.key)
        if body is None:
            self.answer(404)
        else:
            self.answer(200, body)

    def do_DELETE(self):
        self.begin()
        if self.refused():
            return
        objects.pop(self.key, None)
        self.answer(204)


def main():
    global log
    port_file, log_path = sys.argv[1:3]
    steps.extend(sys.argv[3:])
    log = open(log_path, "w", encoding="ascii")
    while True:
        try:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", random.randrange(20000, 32768)), Handler)
            break
        except OSError:
            continue
    server.daemon_threads = True
    if "FAKE_PEM" in os.environ:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.environ["FAKE_PEM"])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with open(port_file + ".new", "w", encoding="ascii") as out:
        out.write(f"{server.server_address[1]}\n")
    os.rename(port_file + ".new", port_file)
    server.serve_forever()


main()
