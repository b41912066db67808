"""receive_rules.py -- every rule of the receiver (export/DESIGN.md, "The receiver"), through segment_sim.py.

    python3 receive_rules.py PROBE DIR      PROBE: tests/unit/receive-probe; TAP on stdout
"""
import hashlib
import io
import os
import random
import subprocess
import sys
import threading
import time

from probing import DIR, Probe, done_testing, in_background, ok, ok_memory, raw, same
from segment_sim import Connection, Cut, Segment, run_statement, tls_context


class Receiver(Probe):
    def __init__(self, **settings):
        super().__init__("{dir}", **settings)

    def open(self, lanes=4):
        answer = self.ask(f"open {lanes}")
        return answer["id"], answer["url"]

    def wait_held(self, n):
        while self.ask("held")["held"] != n:
            time.sleep(0.01)

    def rows(self, number):
        data = b""
        for name in sorted(os.listdir(self.dir)):
            if name.startswith(f"{number}."):
                with open(os.path.join(self.dir, name), "rb") as f:
                    data += f.read()
        return data


def segments(url, n, **kw):
    return [Segment(url, i, n, **kw) for i in range(n)]


# --- a statement that goes well

def the_head():
    s = Segment("gpfdist://127.0.0.1:6181/logs.csv", 1, 3, xid="11-0000000004", cid="4")
    same(s.head(26, 2), b"POST /logs.csv HTTP/1.1\r\nHost: 127.0.0.1:6181\r\nAccept: */*\r\nX-GP-XID: 11-0000000004\r\n"
         b"X-GP-CID: 4\r\nX-GP-SN: 0\r\nX-GP-SEGMENT-ID: 1\r\nX-GP-SEGMENT-COUNT: 3\r\nX-GP-LINE-DELIM-LENGTH: -1\r\n"
         b"X-GP-PROTO: 0\r\nX-GP-SEQ: 2\r\nContent-Type: text/xml\r\nContent-Length: 26\r\n\r\n",
         "the simulator sends what a segment of 6.24.3 sends")
    ok(b"text/xml\r\nX-GP-DONE: 1\r\nContent-Length: 0\r\n\r\n" in s.head(0, 2, done=True), "the end as well")


def well(p):
    number, url = p.open()
    ok(url.startswith("gpfdist://127.0.0.1:") and len(url.split("/")[3]) == 32, "a URL with a token of 128 bits", url)
    all_three = segments(url, 3)
    status, headers, text = all_three[0].post(seq=1)
    same((status, headers.get("content-length"), headers.get("x-gp-proto"), text), (200, "0", "0", ""), "the answer to a good request")
    ok(all_three[0].connection is not None and "connection" not in headers, "the connection is kept")
    for s in all_three[1:]:
        s.open()
    for s in all_three:
        s.rows(b"%d,a\n%d,b\n" % (s.number, s.number))
    all_three[2].rows(b"2,\"x\ny\"\n")
    for s in all_three:
        s.done()
        s.disconnect()
    totals = p.close(number)
    same((totals["fine"], totals["bodies"], totals["segments"], totals["unfinished"], totals["refused"], totals["repeats"]),
         (True, 4, 3, 0, 0, 0), "the totals of a statement that went well")
    same(sorted(p.rows(number).split(b"\n")), sorted(b"0,a\n0,b\n1,a\n1,b\n2,a\n2,b\n2,\"x\ny\"\n".split(b"\n")), "its rows")
    same(totals["bytes"], len(p.rows(number)), "their bytes")
    number, url = p.open()
    totals = p.close(number)
    same((totals["fine"], totals["segments"], totals["bodies"]), (True, 0, 0), "an empty table sends nothing, and that is fine")


def versions(p):
    number, url = p.open()
    s = Segment(url)
    _, headers, _ = s.post(seq=1, version="1.0")
    ok(s.connection is None, "HTTP/1.0 is answered and the connection closed", headers)
    same(s.post(b"a\n", seq=2, extra=("Connection: close",))[0], 200, "so is Connection: close")
    ok(s.connection is None, "and closed")
    c = s.connect()
    c.send(s.head(2, 3, extra=("Expect: 100-continue",)))
    same(c.answer()[0], 100, "Expect is answered before any of the body is there")
    c.send(b"b\n")
    same(c.final()[0], 200, "then the body is taken")
    s.seq = 3
    s.done()
    same(p.close(number)["bytes"], 4, "both bodies")


# --- sequence numbers

def sequence(p):
    number, url = p.open(1)
    s = Segment(url)
    status, _, text = s.post(b"a\n", seq=2)
    same((status, "has not opened" in text), (400, True), "rows of a segment that has not opened are refused")
    same(s.post(done=True, seq=2)[0], 200, "an end of one that has not opened is nothing")
    s.open()
    same(s.post(seq=1)[0], 200, "to open twice is nothing")
    s.rows(b"a\n")
    same(s.post(b"a\n", seq=2)[0], 200, "the same number again is fine")
    status, _, text = s.post(b"c\n", seq=4)
    same((status, "wrong sequence number 4" in text), (400, True), "a number left out is refused")
    same(s.post(b"o\n", seq=1)[0], 400, "rows in the request that opens are refused")
    same(s.post(done=True, seq=3)[0], 400, "an end that leaves a number out is refused")
    s.rows(b"b\n")
    same(s.post(b"a\n", seq=2)[0], 400, "an older number is refused")
    same(s.post(b"x\n", done=True, seq=3)[0], 400, "rows in the end are refused")
    same(s.post(b"", seq=4)[0], 200, "a body of no rows is taken")
    s.seq = 4
    s.done()
    same(s.post(done=True)[0], 200, "a second end is nothing")
    same(s.post(b"z\n", seq=5)[0], 400, "rows behind the end are refused")
    totals = p.close(number)
    same(p.rows(number), b"a\nb\n", "each body once")
    same((totals["fine"], totals["repeats"], totals["refused"]), (True, 1, 7), "totals: what was dropped and what refused")
    ok("has not opened" in totals["first_refusal"], "the first refusal's reason is kept", totals)


def statements(p):
    number, url = p.open()
    other_number, other_url = p.open()
    first = Segment(url)
    first.open()
    for change in ({"cid": "5"}, {"xid": "1795217317-0000000200"}, {"sn": "1"}):
        second = Segment(url, **change)
        status, _, text = second.post(seq=1)
        same((status, text), (409, "another statement has begun to write to this location\n"),
             f"another statement of the same location is refused as it opens: {change}")
        same(second.post(b"x\n", seq=2)[0], 409, "so are its rows")
        same(second.post(done=True, seq=1)[0], 200, "its end is nothing")
    other = Segment(other_url)
    other.open()
    other.rows(b"other\n")
    first.rows(b"first\n")
    other.done()
    first.done()
    same((p.close(number)["fine"], p.rows(number)), (True, b"first\n"), "the first statement goes on")
    same((p.close(other_number)["fine"], p.rows(other_number)), (True, b"other\n"), "another location has its own")


# --- what is no good request

def heads(p):
    number, url = p.open()
    s = Segment(url)
    for name in ("X-GP-XID", "X-GP-CID", "X-GP-SN", "X-GP-SEGMENT-ID", "X-GP-SEQ", "X-GP-PROTO"):
        status, _, text = s.post(seq=1, drop=(name,))
        same((status, text.startswith(name)), (400, True), f"without {name}")
        s.disconnect()
    bad = {
        "a sequence number of 0": {"drop": ("X-GP-SEQ",), "extra": ("X-GP-SEQ: 0",)},
        "one below": {"drop": ("X-GP-SEQ",), "extra": ("X-GP-SEQ: -1",)},
        "one that is none": {"drop": ("X-GP-SEQ",), "extra": ("X-GP-SEQ: 1x",)},
        "one of 30 digits": {"drop": ("X-GP-SEQ",), "extra": ("X-GP-SEQ: " + "9" * 30,)},
        "a segment that is none": {"drop": ("X-GP-SEGMENT-ID",), "extra": ("X-GP-SEGMENT-ID: -2",)},
        "a segment above smallint": {"drop": ("X-GP-SEGMENT-ID",), "extra": ("X-GP-SEGMENT-ID: 32768",)},
        "an empty XID": {"drop": ("X-GP-XID",), "extra": ("X-GP-XID:",)},
        "an XID with a slash": {"drop": ("X-GP-XID",), "extra": ("X-GP-XID: a/b",)},
        "a long XID": {"drop": ("X-GP-XID",), "extra": ("X-GP-XID: " + "1" * 42,)},
        "a header twice": {"extra": ("X-GP-SEQ: 1",)},
        "the length twice": {"extra": ("content-length: 0",)},
        "rows to be read": {"drop": ("X-GP-PROTO",), "extra": ("X-GP-PROTO: 1",)},
        "an end of 2": {"extra": ("X-GP-DONE: 2",)},
    }
    for name, how in bad.items():
        same(s.post(seq=1, **how)[0], 400, name)
        s.disconnect()
    same(s.post(seq=1, drop=("Content-Length",))[0], 411, "without a length")
    s.disconnect()
    same(raw(url, s.head(0, 1, drop=("Content-Length",), extra=("Transfer-Encoding: chunked",)) + b"2\r\na\n\r\n0\r\n\r\n"), 411,
         "in chunks")
    same(raw(url, s.head(2, 1, extra=("Transfer-Encoding: chunked",)) + b"a\n"), 411, "in chunks with a length")
    same(raw(url, s.head("2x", 1) + b"a\n"), 400, "a length that is none")
    same(raw(url, s.head("9" * 30, 1)), 413, "a length of 30 digits")
    same(raw(url, s.head(1 << 40, 2)), 413, "a body larger than the largest: at once, unread")
    for method in ("GET", "PUT", "HEAD", "DELETE", "OPTIONS", "BREW"):
        s.disconnect()
        c = s.connect()
        c.send(s.head(0, 1, method=method))
        same(c.final()[0] if method != "HEAD" else int(c.sock.recv(12).split()[1]), 405, method)
    s.disconnect()
    status, _, _ = s.post(seq=1, extra=("x-gp-done: ", "X-Other: y"), drop=())
    same(status, 400, "an empty end")
    s.disconnect()
    same(s.post(seq=1, extra=("X-GP-LINE-DELIM-STR: 0A", "X-GP-ZSTD: 0", "User-Agent: x"))[0], 200, "other headers are passed over")
    same(raw(url, s.head(0, 1).replace(b"X-GP-", b"x-gp-").replace(b"Content-Length", b"CONTENT-LENGTH")), 200, "names in any case")
    same(Segment(url, -1).post(seq=1)[0], 200, "the coordinator is a segment as well")
    totals = p.close(number)
    ok(totals["refused"] > 20 and not totals["fine"] and totals["unfinished"] == 2, "they are counted", totals)


def strangers(p):
    number, url = p.open()
    token = url.split("/")[3]
    other = ("0" if token[0] != "0" else "1") + token[1:]
    for path in ("/", "*", "/" + other, "/" + other + "/t", "/" + token[:-1], "/" + token + "x", "/" + token + "0/t",
                 "//" + token + "/t", "/./" + token, "/x/../" + token + "/t", "/..", "/t/" + token, "/gpfdist/status",
                 "/%00", "/" + "a" * 2000, "/\\" + token, "http://x/" + token):
        s = Segment(url)
        s.path = path
        status, _, text = s.post(seq=1)
        same((status, text), (404, "not found\n"), f"no such place: {path.replace(token, '<token>')[:40]}")
    s = Segment(url)
    s.path = f"/{other}/t"
    same((s.post(b"a\n" * 32000, seq=2)[0], s.connection is not None), (404, True), "with a body that is small: read to its end, then answered")
    same(s.post(done=True)[0], 404, "an end")
    same(s.post(method="GET")[0], 404, "another method")
    s.disconnect()
    same(raw(url, s.head(300 << 20, 2) + b"a\n"), 404, "with a large one: at once")
    c = s.connect()
    c.send(s.head(1 << 19, 2, extra=("Expect: 100-continue",)))
    same(c.answer()[0], 404, "with one that waits to be sent: at once, and it is not asked for")
    s = Segment(url)
    s.path = f"/{token}"
    same(s.post(seq=1)[0], 200, "the token alone will do")
    s.done()
    p.close(number)
    s.disconnect()
    s.path = f"/{token}/t"
    same([s.post(seq=1)[0], s.post(b"a\n", seq=2)[0], s.post(done=True, seq=2)[0]], [404, 404, 404], "an end: the token is unknown from then on")


def noise(p):
    number, url = p.open()
    s = Segment(url)
    for name, data in {"zeros": b"\0" * 1000, "a TLS hello": b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + b"\x11" * 500,
                       "a line without end": b"P" * (1 << 20), "no version": b"POST /\r\n\r\n", "HTTP/9.9": b"POST / HTTP/9.9\r\n\r\n",
                       "HTTP/0.9": b"GET /\n\n", "headers without end": b"POST / HTTP/1.1\r\n" + b"X-GP-SEQ: 1\r\n" * 100000,
                       "a long header": b"POST / HTTP/1.1\r\nX: " + b"y" * (1 << 20) + b"\r\n\r\n", "no colon": b"POST / HTTP/1.1\r\nfoo\r\n\r\n",
                       "empty lines": b"\r\n" * 100000, "folded": b"POST / HTTP/1.1\r\n folded\r\n\tmore\r\n\r\n"}.items():
        c = Connection(url)
        try:
            c.send(data)
        except Cut:
            pass
        c.close()
        same(s.post(seq=1)[0], 200, f"after {name} it serves on")
    rng = random.Random(7)
    good = s.head(4, 2) + b"a,b\n"
    for _ in range(300):
        data = bytearray(good)
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        c = Connection(url)
        try:
            c.send(bytes(data[:rng.randrange(len(data))]))
        except Cut:
            pass
        c.close()
    same(s.post(seq=1)[0], 200, "after 300 broken requests it serves on")
    p.close(number)


# --- whole bodies only

def halves(p):
    number, url = p.open()
    s = Segment(url)
    s.open()
    body = b"row\n" * 1000
    for end in ("close", "reset"):
        c = Connection(url)
        c.send(s.head(len(body), 2) + body[:2000])
        getattr(c, end)()
    same(p.rows(number), b"", "a body that is cut leaves nothing")
    slow = Connection(url)
    slow.send(s.head(len(body), 2) + body[:2000])
    s.rows(body)
    same(p.rows(number), body, "it is taken when it comes again, while the first half still hangs")
    slow.send(body[2000:])
    same(slow.final()[0], 200, "the second half comes: fine")
    s.done()
    totals = p.close(number)
    same((totals["fine"], totals["repeats"], p.rows(number)), (True, 1, body), "and is dropped")


def vanished(p):
    number, url = p.open()
    for s in segments(url, 5):
        s.open()
        s.rows(b"x\n")
        if s.number < 3:
            s.done()
        s.disconnect()
    totals = p.close(number)
    same((totals["fine"], totals["segments"], totals["unfinished"], totals["error"]),
         (False, 5, 2, "2 of 5 segments did not tell the end of their rows"), "segments that vanish are told")


def terminator(p):
    number, url = p.open()
    s, t = segments(url, 2)
    s.open()
    t.open()
    status, _, text = s.post(b"a\nb", seq=2)
    same((status, text), (400, "the rows of segment 0 do not end with a newline\n"), "a body that ends within a row is refused")
    same([x.post(b"a\n", seq=2)[0] for x in (s, t)], [500, 500], "and everything after it")
    totals = p.close(number)
    same((totals["fine"], totals["error"], p.rows(number)), (False, "the rows of segment 0 do not end with a newline", b""), "the attempt has failed")


def sink_fails(p):
    number, url = p.open(2)
    s, t = segments(url, 2)
    s.open()
    t.open()
    s.rows(b"a\n")
    p.ask("fail no room in the spool")
    status, _, text = s.post(b"b\n", seq=3)
    same((status, text), (500, "no room in the spool\n"), "an error of the sink is told")
    p.ask("fail")
    same([s.post(b"b\n", seq=3)[0], t.post(b"b\n", seq=2)[0], t.post(done=True)[0], Segment(url, 7).post(seq=1)[0]], [500] * 4,
         "everything is refused from then on")
    totals = p.close(number)
    same((totals["fine"], totals["error"], p.rows(number)), (False, "no room in the spool", b"a\n"), "the attempt has failed")
    number, url = p.open()
    s = Segment(url)
    s.open()
    s.rows(b"c\n")
    s.done()
    same((p.close(number)["fine"], p.rows(number)), (True, b"c\n"), "the next one is another")


# --- several at a time

def twice_at_once(p):
    number, url = p.open(4)
    s = Segment(url)
    s.open()
    p.ask("hold")
    first = in_background(s.post, b"a\n", seq=2)
    p.wait_held(1)
    again = Segment(url)
    second = in_background(again.post, b"a\n", seq=2)
    end = in_background(Segment(url).post, done=True, seq=2)
    time.sleep(0.2)
    same((p.ask("held")["held"], first.result.empty(), second.result.empty()), (1, True, True),
         "what comes again while the first is being taken waits")
    p.ask("release")
    same((first.result.get()[0], second.result.get()[0], end.result.get()[0]), (200, 200, 200), "and is fine once that is done")
    totals = p.close(number)
    same((p.rows(number), totals["repeats"], totals["fine"]), (b"a\n", 1, True), "it is taken once")


def lanes(p):
    number, url = p.open(2)
    all_five = segments(url, 5)
    for s in all_five:
        s.open()
    p.ask("hold")
    posts = [in_background(s.post, b"%d\n" % s.number, seq=2) for s in all_five]
    p.wait_held(2)
    time.sleep(0.2)
    same(p.ask("held")["held"], 2, "two lanes, two bodies at a time")
    p.ask("release")
    same([t.result.get()[0] for t in posts], [200] * 5, "the others follow")
    for s in all_five:
        s.seq = 2
        s.done()
    same((p.close(number)["fine"], sorted(p.rows(number).split())), (True, [b"0", b"1", b"2", b"3", b"4"]), "all five came")


def again(p):
    """wait_seconds is 1."""
    number, url = p.open(1)
    s, t = segments(url, 2)
    s.open()
    t.open()
    p.ask("hold")
    first = in_background(s.post, b"s\n", seq=2)
    p.wait_held(1)
    status, _, text = t.post(b"t\n", seq=2)
    same((status, text), (408, "busy, try again\n"), "a body whose lane is not free in time is to come again")
    same(Segment(url).post(b"s\n", seq=2)[0], 408, "so is one that is being taken just now")
    ok(first.result.empty(), "what is being taken is not answered so")
    p.ask("release")
    same(first.result.get()[0], 200, "but in the end with 200")
    s.seq = 2
    t.rows(b"t\n")
    s.done()
    t.done()
    totals = p.close(number)
    same((totals["fine"], totals["refused"], totals["again"] >= 2, sorted(p.rows(number).split())), (True, 0, True, [b"s", b"t"]),
         "nothing is lost, nothing twice")


def closing(p):
    number, url = p.open(1)
    s, t, u = segments(url, 3)
    for x in (s, t):
        x.open()
    p.ask("hold")
    first = in_background(s.post, b"s\n", seq=2)
    p.wait_held(1)
    waiting = in_background(t.post, b"t\n", seq=2)
    half = Connection(url)
    half.send(t.head(4, 2) + b"t")
    time.sleep(0.2)
    p.tell(f"close {number}")
    same(waiting.result.get()[0], 404, "a close sends away what waits")
    same([u.post(seq=1)[0], t.post(done=True, seq=1)[0]], [404, 404], "and what comes")
    ok(p.closed.empty() and first.result.empty(), "it waits for the sink")
    p.ask("release")
    same((first.result.get()[0], p.closed.get()["bodies"]), (200, 1), "and counts what that took")
    half.send(b"t\n\n")
    same(half.final()[0], 404, "half a body does not hold it up, and is nothing")
    same(p.rows(number), b"s\n", "no more rows after that")


def crowd(p):
    number, url = p.open(3)
    all_of_them = segments(url, 100)
    for s in all_of_them:
        s.open()
    threads = [in_background(s.rows, b"%d\n" % s.number) for s in all_of_them]
    same([t.result.get() for t in threads], [None] * 100, "100 connections at once")
    for s in all_of_them:
        s.done()
    totals = p.close(number)
    same((totals["fine"], totals["segments"], sorted(map(int, p.rows(number).split()))), (True, 100, list(range(100))), "and all their rows")
    for s in all_of_them:
        s.disconnect()


# --- bounds

def memory(p, bound):
    """4 MB for bodies, 2 MB of temporary files; wait_seconds is 1."""
    number, url = p.open()
    base = p.anonymous()
    big = b"x" * ((1 << 20) - 1) + b"\n"
    all_five = segments(url, 5)
    for s in all_five:
        s.open()
    held = []
    for s in all_five[:4]:
        c = Connection(url)
        c.send(s.head(len(big), 2) + big[:-1000])
        held.append(c)
    time.sleep(0.2)
    last = all_five[4]
    same(last.post(big, seq=2)[0], 408, "when memory is used up, a body is to come again")
    used = p.anonymous() - base
    ok_memory(4000 < used < bound // 1024, f"what is used of it: {used} kB", f"bound {bound // 1024} kB")
    waiting = in_background(last.must, big, seq=2)
    held[0].send(big[-1000:])
    same(held[0].final()[0], 200, "those that have room are taken")
    same(waiting.result.get(), None, "which makes room")
    for c in held[1:3]:
        c.reset()
    held[3].send(big[-1000:])
    same(held[3].final()[0], 200, "a cut one gives its room back")
    # a body of more than 1 MB is sent when the server has said that it wants it
    same(raw(url, last.head((2 << 20) + 1, 3, extra=("Expect: 100-continue",))), 413, "a body above the largest is refused")
    # two temporary files of 1.5 MB do not fit
    wide = b"w" * (3 << 19) + b"\n"
    c = Connection(url)
    c.send(last.head(len(wide), 3) + wide[:-10])
    time.sleep(0.2)
    same(all_five[1].post(wide, seq=2)[0], 408, "temporary files are bounded as well")
    c.send(wide[-10:])
    same(c.final()[0], 200, "the first one is taken")
    p.close(number)
    left = p.anonymous() - base
    ok_memory(left < 3500, f"what is left of it: {left} kB")


def wide_rows(p, bound):
    number, url = p.open()
    s = Segment(url)
    s.open()
    peak = [0]
    stop = threading.Event()

    def look():
        while not stop.is_set():
            peak[0] = max(peak[0], p.anonymous())
            time.sleep(0.01)

    watcher = threading.Thread(target=look)
    watcher.start()
    md5 = hashlib.md5()
    for size in (5 << 20, 300 << 20, 1):
        body = b"v" * (size - 1) + b"\n"
        s.rows(body)
        md5.update(body)
    s.done()
    stop.set()
    watcher.join()
    same(p.close(number)["fine"], True, "rows of 5 MB and 300 MB")
    same(hashlib.md5(p.rows(number)).hexdigest(), md5.hexdigest(), "byte by byte")
    ok_memory(peak[0] < bound // 1024, f"in {peak[0]} kB of memory", f"bound {bound // 1024} kB")
    same([n for n in os.listdir(os.environ["TMPDIR"]) if n.startswith("gpm")], [], "no temporary file is left")


def few_connections(p):
    """4 connections, which may be idle for 300 seconds."""
    number, url = p.open()
    all_of_them = segments(url, 12)
    for i in range(3):
        for s in all_of_them:
            s.open() if i == 0 else s.rows(b"%d,%d\n" % (s.number, i))
    for s in all_of_them:
        s.done()
    totals = p.close(number)
    same((totals["fine"], totals["segments"], totals["bodies"]), (True, 12, 24), "more segments than connections: each has its turn")


def slow(p):
    """header_seconds 1, idle_seconds 2, wait_seconds 1, 4 connections."""
    number, url = p.open()
    s = Segment(url)
    s.open()
    ok(s.connection.ended(), "a connection that says nothing for long is closed")
    s.disconnect()
    c = Connection(url)
    try:
        while True:  # one byte and another, so that it is never idle
            c.send(b"P")
            time.sleep(0.05)
    except Cut:
        ok(True, "a head that drips is cut")
    c = Connection(url)
    try:
        c.send(s.head(1 << 20, 2))
        while True:
            c.send(b"P")
            time.sleep(0.05)
    except Cut:
        ok(True, "so is a body")
    idle = [Connection(url) for _ in range(8)]
    s.rows(b"a\n")
    ok(True, "more connections than there may be: whoever has something to say has his turn")
    s.done()
    for c in idle:
        c.close()
    same((p.close(number)["fine"], p.rows(number)), (True, b"a\n"), "and his rows are there")


def randomly(p, seed, lanes_):
    number, url = p.open(lanes_)
    sent = io.BytesIO()
    good = run_statement(url, 100, 12, seed, sent)
    totals = p.close(number)
    ok(good and totals["fine"], f"100 segments with bad networks, seed {seed}, {lanes_} lanes", totals)
    digest = [hashlib.md5(b"\n".join(sorted(rows.split(b"\n")))).hexdigest() for rows in (sent.getvalue(), p.rows(number))]
    same(digest[1], digest[0], f"each row once: {totals['bodies']} bodies, {totals['bytes']} bytes, {totals['repeats']} came again")
    ok(totals["repeats"] > 5 and totals["bodies"] > 500, "some did come again", totals)


# --- starts

def starts():
    for settings, status, text in (
            ({"memory": "1MB"}, 2, "1.0 MB of memory do not do for 64 connections of segments: at least 14.0 MB"),
            ({"spill": "1MB"}, 2, "does not fit"),
            ({"connections": "0"}, 2, "needs connections"),
            ({"host": "no.such.host.invalid"}, 2, "cannot listen on 'no.such.host.invalid'"),
            ({"host": "192.0.2.1"}, 1, "cannot listen on '192.0.2.1'"),
            ({"tls_key": "/etc/hostname"}, 2, "gpfdists needs three files")):
        p = Receiver(**settings)
        got, errors = p.stop()
        same((got, text in errors), (status, True), f"refused: {settings}")
    p = Receiver()
    _, url = p.open()
    port = url.split(":")[2].split("/")[0]
    q = Receiver(port=port)
    got, errors = q.stop()
    same((got, f"port {port}: Address already in use" in errors), (1, True), "a port that is taken is told")
    p.stop()
    p = Receiver(public_host="etl-1.example.com")
    ok(p.open()[1].startswith("gpfdist://etl-1.example.com:"), "the URL's host is what the segments call it")
    p.stop()
    p = Receiver(host="::1")
    number, url = p.open()
    ok(url.startswith("gpfdist://[::1]:") and Segment(url).post(seq=1)[0] == 200, "an IPv6 address", url)
    p.stop()


# --- TLS

def tls():
    """DIR/tls: ca, other-ca, server, client, stranger, each .crt and .key."""
    def f(name):
        return os.path.join(DIR, "tls", name)
    server = {"tls_certificate": f("server.crt"), "tls_key": f("server.key"), "tls_authority": f("ca.crt")}
    p = Receiver(header_seconds=2, **server)
    number, url = p.open()
    ok(url.startswith("gpfdists://"), "gpfdists", url)
    s = Segment(url, tls=tls_context(f("ca.crt"), f("client.crt"), f("client.key")))
    s.open()
    s.rows(b"secret\n" * 20000)
    s.rows(b"more\n")
    s.done()
    for name, context in (("no certificate", tls_context(f("ca.crt"))),
                          ("one of another authority", tls_context(f("ca.crt"), f("stranger.crt"), f("stranger.key"))),
                          ("one that is over", tls_context(f("ca.crt"), f("expired.crt"), f("expired.key")))):
        t = Segment(url, 1, tls=context)
        try:
            got = t.post(seq=1)[0]
        except (Cut, OSError) as e:
            got = type(e).__name__
        ok(got != 200 and not isinstance(got, int), f"a client with {name} comes to no answer", got)
    try:
        got = Segment(url, 1).post(seq=1)[0]
    except (Cut, OSError):
        got = 0
    ok(got != 200, "nor does one without TLS", got)
    http = url.replace("gpfdists://", "https://")
    for name, more, want in (("curl", ["--cert", f("client.crt"), "--key", f("client.key")], "405"), ("curl without a certificate", [], "000")):
        r = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", f("ca.crt"), *more, http],
                           capture_output=True, text=True)
        same(r.stdout, want, name)
    drip = Connection(url)
    ok(drip.ended(), "a handshake that does not begin is cut")
    totals = p.close(number)
    same((totals["fine"], totals["bytes"], totals["segments"]), (True, 140005, 1), "the rows of the one who may")
    p.stop()
    for name, change, text in (("a key of another", {"tls_key": f("client.key")}, "cannot use the server's certificate and key"),
                               ("no certificate in the file", {"tls_certificate": "/etc/hostname"}, "cannot use the server's certificate and key"),
                               ("no authority in the file", {"tls_authority": "/etc/hostname"}, "cannot use the authority"),
                               ("a folder", {"tls_key": DIR}, "is no file in PEM form"),
                               ("no file", {"tls_key": f("none")}, "No such file")):
        status, errors = Receiver(**{**server, **change}).stop()
        same((status, text in errors), (1, True), f"TLS with {name} is refused")


def main():
    the_head()
    p = Receiver(connections=160, memory="64MB", wait_seconds=60)
    for scene in (well, versions, sequence, statements, heads, strangers, noise, halves, vanished, terminator, sink_fails, twice_at_once,
                  lanes, closing, crowd):
        scene(p)
    for seed in range(3):
        randomly(p, seed, (1, 3, 8)[seed])
    same(p.stop(), (0, ""), "it ends well, and has said nothing")
    p = Receiver(wait_seconds=1)
    again(p)
    p.stop()
    p = Receiver(connections=16, memory="6656kB", spill="2MB", body_max="2MB", wait_seconds=1)
    memory(p, 6656 << 10)
    p.stop()
    p = Receiver(connections=16, memory="8MB", spill="1GB")
    wide_rows(p, 8 << 20)
    p.stop()
    p = Receiver(connections=4)
    few_connections(p)
    p.stop()
    p = Receiver(connections=4, header_seconds=1, idle_seconds=2, wait_seconds=1)
    slow(p)
    p.stop()
    starts()
    if os.path.isdir(os.path.join(DIR, "tls")):
        tls()
    return done_testing()


sys.exit(main())
