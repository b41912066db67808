#!/usr/bin/env python3
"""fake_s3.py -- an S3 server that misbehaves on request, for system tests.

    fake_s3.py PORT_FILE LOG STEP...

Requests may be signed by Version 4 or 2.  Listens on 127.0.0.1, on a port of its own choice below 32768, written to
PORT_FILE.  Each request takes the next STEP; when none is left every further one is answered well.  LOG gets a line for each request:
method, path, range, if-match, the step, the condition of a put.  Objects are kept in memory; signatures are not checked, the hashes of
what is put are.  With FAKE_PEM, a file of a certificate and its key, it speaks https.

    ok            as an S3 server should
    503, 503:N    SlowDown, with Retry-After: N
    503date:N     the same, with the time that it is in N seconds
    500           without a body
    error200      200 whose body is an <Error>
    cut:N         GET: N bytes of the body, then the connection dies; PUT: it dies after N bytes came
    tagless:N     as cut, without an ETag
    late          PUT: stored, but the connection dies before the answer
    mute          the same, without a 100 Continue first: nothing comes back at all
    hangup        as ok, but the connection is closed without a word about it
    conflict      409 ConditionalRequestConflict
    ignorant      PUT: If-None-Match means nothing to it
    unknown       501 NotImplemented when there is an If-None-Match
    crc           of FAKE_OSS: another CRC64
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
    skewdark      403 RequestTimeTooSkewed, without a Date
    undeletable   403 AccessDenied to a DELETE, else as ok
    denied        403 AccessDenied, with what an error might repeat of the request

With FAKE_KEYS, a file of access keys, a line each, others are refused by FAKE_REFUSAL (InvalidAccessKeyId).
With FAKE_SSE it says that it encrypted what should be.  With FAKE_CLIENT_CA, besides FAKE_PEM, clients have to show a certificate of
that authority.  With FAKE_OSS it is Alibaba's OSS as far as a put goes that must not replace, and the CRC64 of objects.  Its clock is FAKE_AHEAD seconds
ahead.
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


def crc64(data):
    """As OSS has it, bit by bit: for small objects."""
    crc = (1 << 64) - 1
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xC96C5795D7870F42 if crc & 1 else 0)
    return crc ^ ((1 << 64) - 1)


steps = []
lock = threading.Lock()
log = None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "AliyunOSS" if "FAKE_OSS" in os.environ else "fake"
    sys_version = ""
    step = "ok"

    def version_string(self):
        return self.server_version

    def log_message(self, *args):
        pass

    def date_time_string(self, timestamp=None):
        ahead = 3600 if self.step.startswith("skew") else int(os.environ.get("FAKE_AHEAD", "0"))
        return email.utils.formatdate(time.time() + ahead, usegmt=True)

    def handle_expect_100(self):
        return True  # the body is asked for when it is read

    def begin(self):
        condition = [name for name in ("if-none-match", "x-oss-forbid-overwrite") if name in self.headers]
        with lock:
            self.step = steps.pop(0) if steps else "ok"
            log.write(f"{self.command} {self.path} {self.headers['range'] or '-'} {self.headers['if-match'] or '-'} {self.step}"
                      f" {','.join(condition) or '-'}\n")
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
        self.send_response_only(status)
        self.send_header("Server", self.version_string())
        if self.name != "skewdark":
            self.send_header("Date", self.date_time_string())
        self.send_header("x-amz-request-id", "fake-1")
        for name, value in headers:
            self.send_header(name, value)
        if "FAKE_OSS" in os.environ and status in (200, 206) and self.command in ("GET", "PUT") and self.key in objects:
            self.send_header("x-oss-hash-crc64ecma", str(crc64(objects[self.key]) ^ (self.name == "crc")))
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

    def has_key(self):
        if "FAKE_KEYS" not in os.environ:
            return True
        with open(os.environ["FAKE_KEYS"], encoding="ascii") as keys:
            sent = (self.headers["authorization"] or "") + self.path
            return any(sign in sent for key in keys for sign in (f"Credential={key.strip()}/", f"AWS {key.strip()}:", f"AWSAccessKeyId={key.strip()}&"))

    def refused(self):
        """Steps that any method may meet."""
        if not self.has_key():
            if self.command == "HEAD":
                self.answer(403)
            else:
                self.error(403, os.environ.get("FAKE_REFUSAL", "InvalidAccessKeyId"))
        elif self.name == "503date":
            self.error(503, "SlowDown", [("Retry-After", email.utils.formatdate(time.time() + self.argument, usegmt=True))])
        elif self.name == "503":
            self.error(503, "SlowDown", [("Retry-After", str(int(self.argument)))] if self.argument else [])
        elif self.name == "500":
            self.answer(500)
        elif self.name == "error200":
            self.error(200, "InternalError")
        elif self.name == "html":
            self.answer(200, b"<html><body>Please log in</body></html>")
        elif self.name == "redirect":
            self.answer(307, headers=[("Location", f"http://127.0.0.1:1{self.path}"), ("x-amz-bucket-region", "far-away-1")])
        elif self.name == "conflict":
            self.error(409, "ConditionalRequestConflict")
        elif self.name == "undeletable" and self.command == "DELETE":
            self.error(403, "AccessDenied")
        elif self.name in ("skew", "skewdark"):
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

    def may_not_replace(self):
        """A put whose condition does not hold, or is not known."""
        oss = "FAKE_OSS" in os.environ
        if "if-none-match" in self.headers and (oss or self.name == "unknown"):
            self.error(501, "NotImplemented")
        elif self.key not in objects or self.name == "ignorant":
            return False
        elif oss and self.headers["x-oss-forbid-overwrite"] == "true":
            self.error(409, "FileAlreadyExists")
        elif not oss and self.headers["if-none-match"] == "*":
            self.error(412, "PreconditionFailed")
        else:
            return False
        return True

    def do_PUT(self):
        self.begin()
        if (self.headers["expect"] or "").lower() == "100-continue" and self.name != "mute":
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
        if self.headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest() and not self.headers["authorization"].startswith("AWS "):
            self.error(400, "InvalidRequest")
            return
        if self.may_not_replace():
            return
        objects[self.key] = body
        if self.name in ("late", "mute"):
            self.die()
        elif self.name == "etag":
            self.answer(200, headers=[("ETag", '"' + "0" * 32 + '"')])
        elif self.name == "kms":
            self.answer(200, headers=[("ETag", '"' + "0" * 32 + '"'), ("x-amz-server-side-encryption", "aws:kms")])
        elif self.name == "noetag":
            self.answer(200)
        else:
            sse = self.headers["x-amz-server-side-encryption"] if "FAKE_SSE" in os.environ else None
            self.answer(200, headers=[("ETag", f'"{md5.upper()}"')] + ([("x-amz-server-side-encryption", sse)] if sse else []))

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
        if "&prefix=" in self.path:
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
        if "FAKE_CLIENT_CA" in os.environ:
            context.load_verify_locations(os.environ["FAKE_CLIENT_CA"])
            context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with open(port_file + ".new", "w", encoding="ascii") as out:
        out.write(f"{server.server_address[1]}\n")
    os.rename(port_file + ".new", port_file)
    server.serve_forever()


main()
