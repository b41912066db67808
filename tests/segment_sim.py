"""segment_sim.py -- Greenplum segments that write to a gpfdist location, for tests of the receiver.

A Segment sends what libcurl in a segment sends, byte for byte (seen on 6.24.3): open, rows, end, each after
the answer to the one before.  Every request can be sent by itself, wrong, in halves or twice.

    python3 segment_sim.py URL SEGMENTS BODIES SEED OUT
sends BODIES bodies from each of SEGMENTS segments at once, with resends, cuts, stalls and duplicates that
SEED decides, as a statement that succeeds; the rows go to OUT.  Exit status 1: it failed.
"""
import random
import socket
import ssl
import sys
import threading
import time
from urllib.parse import urlsplit


class Refused(Exception):
    """An answer other than 2xx and 408."""

    def __init__(self, status, text):
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text


class Cut(Exception):
    """The connection ended without an answer."""


class Connection:
    """One TCP (or TLS) connection; answers are read to their last byte."""

    def __init__(self, url, tls=None, timeout=60):
        parts = urlsplit(url)
        self.sock = socket.create_connection((parts.hostname, parts.port), timeout=timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.sock = tls.wrap_socket(self.sock, server_hostname=parts.hostname)
        self.rest = b""
        self.closing = False

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as e:
            raise Cut(str(e)) from e

    def more(self):
        try:
            data = self.sock.recv(65536)
        except socket.timeout:
            raise
        except OSError as e:
            raise Cut(str(e)) from e
        if data == b"":
            raise Cut("end")
        self.rest += data

    def answer(self):
        """(status, headers, body) of the next answer, 100 Continue included."""
        while b"\r\n\r\n" not in self.rest:
            self.more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        length = int(headers.get("content-length", "0"))
        while len(self.rest) < length:
            self.more()
        body, self.rest = self.rest[:length], self.rest[length:]
        self.closing = headers.get("connection", "").lower() == "close" or lines[0].startswith("HTTP/1.0")
        return status, headers, body.decode("utf-8", "replace")

    def final(self):
        """The next answer that is no 100 Continue."""
        while True:
            answer = self.answer()
            if answer[0] != 100:
                return answer

    def ended(self):
        """Whether the other side has closed it."""
        try:
            return self.sock.recv(1) == b""
        except socket.timeout:
            return False
        except OSError:
            return True

    def close(self):
        self.sock.close()

    def reset(self):
        """As if the host had gone: RST, not FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()


class Segment:
    def __init__(self, url, number=0, count=3, xid="1795217317-0000000199", cid="4", sn="0", tls=None, timeout=60):
        self.url = url
        self.path = urlsplit(url).path
        self.host = urlsplit(url).netloc
        self.number, self.count = number, count
        self.xid, self.cid, self.sn = xid, cid, sn
        self.tls, self.timeout = tls, timeout
        self.seq = 1
        self.connection = None

    def head(self, length, seq, done=False, version="1.1", drop=(), extra=(), method="POST", path=None):
        """The request's head; DROP: headers to leave out; EXTRA: lines to add."""
        lines = [("Host", self.host), ("Accept", "*/*"), ("X-GP-XID", self.xid), ("X-GP-CID", self.cid),
                 ("X-GP-SN", self.sn), ("X-GP-SEGMENT-ID", self.number), ("X-GP-SEGMENT-COUNT", self.count),
                 ("X-GP-LINE-DELIM-LENGTH", -1), ("X-GP-PROTO", 0), ("X-GP-SEQ", seq), ("Content-Type", "text/xml")]
        if done:
            lines.append(("X-GP-DONE", 1))
        lines.append(("Content-Length", length))
        text = f"{method} {self.path if path is None else path} HTTP/{version}\r\n"
        text += "".join(f"{name}: {value}\r\n" for name, value in lines if name not in drop)
        return (text + "".join(line + "\r\n" for line in extra) + "\r\n").encode("latin-1")

    def connect(self):
        if self.connection is None:
            self.connection = Connection(self.url, self.tls, self.timeout)
        return self.connection

    def disconnect(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def post(self, body=b"", seq=None, **how):
        """One request over the segment's connection: (status, headers, text)."""
        c = self.connect()
        c.send(self.head(len(body), self.seq if seq is None else seq, **how) + body)
        answer = c.final()
        if c.closing:
            self.disconnect()
        return answer

    def must(self, body=b"", patience=60, **how):
        """As a segment does it: what was cut or answered 408 is sent again until PATIENCE seconds have gone."""
        end = time.monotonic() + patience
        pause = 0.05
        while True:
            try:
                status, _, text = self.post(body, **how)
                if 200 <= status < 300:
                    return
                if status != 408:
                    raise Refused(status, text)
            except (Cut, socket.timeout, ConnectionError):
                self.disconnect()
                if time.monotonic() > end:
                    raise
            if time.monotonic() > end:
                raise Refused(408, "for too long")
            time.sleep(pause)
            pause = min(2 * pause, 1)

    def open(self, **how):
        self.must(seq=1, **how)
        self.seq = 1

    def rows(self, body, **how):
        self.must(body, seq=self.seq + 1, **how)
        self.seq += 1

    def done(self, **how):
        self.must(done=True, **how)


class Chaos(Segment):
    """A segment whose network does what RNG says."""

    def __init__(self, *args, rng, **kw):
        super().__init__(*args, **kw)
        self.rng = rng

    def cut_body(self, body):
        """The head and a part of the body, then nothing: gone, or stalled for good."""
        c = Connection(self.url, self.tls, self.timeout)
        part = self.rng.randrange(len(body))
        c.send(self.head(len(body), self.seq + 1) + body[:part])
        if self.rng.random() < 0.5:
            c.reset()
        elif self.rng.random() < 0.8:
            c.close()
        else:
            return c
        return None

    def unanswered(self, body):
        """All of it, but the answer is never read."""
        c = Connection(self.url, self.tls, self.timeout)
        c.send(self.head(len(body), self.seq + 1) + body)
        if self.rng.random() < 0.5:
            c.reset()
        else:
            c.close()

    def rows(self, body, **how):
        left = None
        fate = self.rng.random()
        if fate < 0.06:
            left = self.cut_body(body)
        elif fate < 0.12:
            self.unanswered(body)
        elif fate < 0.15:
            self.disconnect()
        elif fate < 0.20:
            how["extra"] = ("Expect: 100-continue",)
        elif fate < 0.24:
            how["version"] = "1.0"
        elif fate < 0.27:
            how["extra"] = ("Connection: close",)
        super().rows(body, **how)
        if self.rng.random() < 0.06:
            self.must(body)
        if left is not None:
            left.close()


def random_row(rng, segment, body, number):
    text = rng.choice(['%d' % rng.randrange(10**9), '"a,""b"""', '"two\nlines"', '', 'é' * rng.randrange(20),
                       'x' * rng.randrange(200)])
    return f"{segment},{body},{number},{text}\n".encode()


def random_body(rng, segment, body):
    rows = [random_row(rng, segment, body, i) for i in range(rng.randrange(1, 60))]
    if rng.random() < 0.01:
        rows.append(f"{segment},{body},wide,".encode() + b"w" * rng.randrange(1 << 20, 3 << 20) + b"\n")
    return b"".join(rows)


def run_statement(url, segments, bodies, seed, out):
    """All segments at once, each a thread; False when any of them failed."""
    errors = []
    lock = threading.Lock()

    def one(number):
        rng = random.Random(f"{seed}.{number}")
        try:
            s = Chaos(url, number, segments, rng=rng)
            n = 0 if rng.random() < 0.05 else rng.randrange(1, 2 * bodies)
            if n > 0:
                s.open()
            for i in range(n):
                body = random_body(rng, number, i)
                s.rows(body)
                with lock:
                    out.write(body)
                if rng.random() < 0.02:
                    time.sleep(rng.random() / 5)
            if n > 0:
                s.done()
            s.disconnect()
        except Exception as e:  # a thread's end would be silent
            errors.append(f"segment {number}: {type(e).__name__} {e}")

    threads = [threading.Thread(target=one, args=(i,)) for i in range(segments)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for e in errors[:5]:
        print(e, file=sys.stderr)
    return not errors


def tls_context(authority, certificate=None, key=None):
    context = ssl.create_default_context(cafile=authority)
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context


if __name__ == "__main__":
    with open(sys.argv[5], "wb") as rows:
        sys.exit(0 if run_statement(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], rows) else 1)
