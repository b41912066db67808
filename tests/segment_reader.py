"""segment_reader.py -- Greenplum segments that read from a gpfdist location, for tests of the dealer.

A Reader sends what libcurl in a segment of 6.24.3 sends for a readable external table, byte for byte; it reads the
answer at the pace it is told to, and judges it as a segment does: what does not end with D and no rows is an error.
"""
import struct
from urllib.parse import urlsplit

from segment_sim import Connection, Cut


class Failed(Exception):
    """What the segment's user would see."""


class Reader:
    def __init__(self, url, number=0, count=3, xid="12-0000000003", cid="3", sn="0", csvopt="m1x 34q 34n0h0", timeout=60, tls=None):
        self.url = url
        self.path = urlsplit(url).path
        self.host = urlsplit(url).netloc
        self.number, self.count = number, count
        self.xid, self.cid, self.sn, self.csvopt = xid, cid, sn, csvopt
        self.timeout, self.tls = timeout, tls
        self.connection = None
        self.status, self.headers = 0, {}
        self.frames = []          # (type, payload)

    def head(self, drop=(), extra=(), method="GET", path=None, version="1.1"):
        """The request; DROP: headers to leave out; EXTRA: lines to add."""
        lines = [("Host", self.host), ("Accept", "*/*"), ("X-GP-XID", self.xid), ("X-GP-CID", self.cid), ("X-GP-SN", self.sn),
                 ("X-GP-SEGMENT-ID", self.number), ("X-GP-SEGMENT-COUNT", self.count), ("X-GP-LINE-DELIM-LENGTH", -1),
                 ("X-GP-PROTO", 1), ("X-GP-MASTER_HOST", "127.0.0.1"), ("X-GP-MASTER_PORT", 6000), ("X-GP-CSVOPT", self.csvopt),
                 ("X-GP_SEG_PG_CONF", f"/data/seg{self.number}/postgresql.conf"), ("X-GP_SEG_DATADIR", f"/data/seg{self.number}"),
                 ("X-GP-DATABASE", "shop"), ("X-GP-USER", "gpadmin6"), ("X-GP-SEG-PORT", 6001 + self.number),
                 ("X-GP-SESSION-ID", 12)]
        text = f"{method} {self.path if path is None else path} HTTP/{version}\r\n"
        text += "".join(f"{name}: {value}\r\n" for name, value in lines if name not in drop)
        return (text + "".join(line + "\r\n" for line in extra) + "\r\n").encode("latin-1")

    def ask(self, **how):
        """The request is sent, nothing is read."""
        self.connection = Connection(self.url, tls=self.tls, timeout=self.timeout)
        self.connection.send(self.head(**how))
        return self

    def begin(self):
        """The answer's head: the status."""
        c = self.connection
        while b"\r\n\r\n" not in c.rest:
            c.more()
        head, c.rest = c.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = dict(line.split(": ", 1) for line in lines[1:])
        return self.status

    def take(self, n):
        c = self.connection
        while len(c.rest) < n:
            c.more()
        data, c.rest = c.rest[:n], c.rest[n:]
        return data

    def frame(self):
        """The next one: (type, payload)."""
        kind, length = struct.unpack(">ci", self.take(5))
        self.frames.append((kind.decode("latin-1"), self.take(length)))
        return self.frames[-1]

    def rest(self):
        """Frames to the end of the answer; Failed as a segment fails."""
        while True:
            try:
                kind, data = self.frame()
            except Cut as e:
                raise Failed("the server closed the connection") from e
            if kind == "E":
                raise Failed(f"gpfdist error - {data.decode()}")
            if kind == "D" and data == b"":
                return self
            if kind not in "FOLD":
                raise Failed(f"unknown meta type {ord(kind)}")

    def rows(self):
        return b"".join(data for kind, data in self.frames if kind == "D")

    def read(self, **how):
        """All of it, as a segment that has all it needs: its rows."""
        self.ask(**how)
        if self.begin() != 200:
            raise Failed(f"http response code {self.status} from gpfdist")
        if self.headers.get("X-GP-PROTO") != "1":
            raise Failed("not PROTO 1: what is cut off would be missing without a word")
        self.rest()
        if not self.connection.ended():
            raise Failed("bytes behind the end")
        self.connection.close()
        return self.rows()

    def error(self, **how):
        """What the statement would fail with."""
        try:
            self.read(**how)
        except Failed as e:
            return str(e)
        finally:
            self.connection.close()
        return ""

    def close(self):
        self.connection.close()

    def reset(self):
        self.connection.reset()
