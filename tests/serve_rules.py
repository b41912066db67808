"""serve_rules.py -- every rule of the dealer (import/DESIGN.md, "The dealer"), through segment_reader.py.

    python3 serve_rules.py PROBE DIR      PROBE: tests/unit/deal-probe; TAP on stdout
"""
import os
import random
import sys
import time

from probing import DIR, Probe, done_testing, in_background, ok, ok_memory, raw, same
from segment_reader import Failed, Reader
from segment_sim import Connection, Cut, tls_context

FRAME = 256 << 10


class Dealer(Probe):
    files = 0

    def open(self):
        answer = self.ask("open")
        return answer["id"], answer["url"]

    def give(self, number, *pieces, end=True):
        for rows in pieces:
            Dealer.files += 1
            path = os.path.join(DIR, f"rows.{Dealer.files}")
            with open(path, "wb") as f:
                f.write(rows)
            self.ask(f"give {number} {path}")
        if end:
            self.ask(f"end {number}")

    def offer(self, *pieces, end=True):
        number, url = self.open()
        self.give(number, *pieces, end=end)
        return number, url

    def shut(self, number):
        self.tell(f"shut {number}")
        return self.closed.get()

    def wait_given(self, number, n):
        while self.ask(f"given {number}")["given"] != n:
            time.sleep(0.01)


def many_rows(n, seed=0, width=40):
    rng = random.Random(seed)
    return b"".join(b'%d,"a ""quoted"" text\nof two lines",%s\n' % (i, b"x" * rng.randrange(width)) for i in range(n))


def split(rows):
    """CSV records as a sorted list."""
    records, start, inside = [], 0, False
    for line in rows.split(b"\n"):
        inside ^= line.count(b'"') % 2 == 1
        start += len(line) + 1
        if not inside:
            records.append(start)
    ends = [0] + records[:-1]
    return sorted(rows[a:b] for a, b in zip(ends, ends[1:]))


def readers(url, n, **kw):
    return [Reader(url, i, n, **kw) for i in range(n)]


def read_all(url, n, **kw):
    """N segments at once: what each of them got, rows or the exception."""
    return [t.result.get() for t in [in_background(r.read) for r in readers(url, n, **kw)]]


def summary(totals):
    return totals["fine"], totals["segments"], totals["unfinished"], totals["refused"]


# --- a statement that goes well

def the_head(p):
    r = Reader("gpfdist://127.0.0.1:6181/logs.csv", 0, 3)
    same(r.head(), b"GET /logs.csv HTTP/1.1\r\nHost: 127.0.0.1:6181\r\nAccept: */*\r\nX-GP-XID: 12-0000000003\r\nX-GP-CID: 3\r\n"
         b"X-GP-SN: 0\r\nX-GP-SEGMENT-ID: 0\r\nX-GP-SEGMENT-COUNT: 3\r\nX-GP-LINE-DELIM-LENGTH: -1\r\nX-GP-PROTO: 1\r\n"
         b"X-GP-MASTER_HOST: 127.0.0.1\r\nX-GP-MASTER_PORT: 6000\r\nX-GP-CSVOPT: m1x 34q 34n0h0\r\n"
         b"X-GP_SEG_PG_CONF: /data/seg0/postgresql.conf\r\nX-GP_SEG_DATADIR: /data/seg0\r\nX-GP-DATABASE: shop\r\n"
         b"X-GP-USER: gpadmin6\r\nX-GP-SEG-PORT: 6001\r\nX-GP-SESSION-ID: 12\r\n\r\n",
         "the reader sends what a segment of 6.24.3 sends")


def well(p):
    rows = many_rows(100)
    number, url = p.offer(rows)
    ok(url.startswith("gpfdist://127.0.0.1:") and len(url.split("/")[3]) == 32, "a URL with a token of 128 bits", url)
    first = Reader(url, 1)
    same(first.read(), rows, "who asks first gets the rows")
    same((first.status, first.headers.get("X-GP-PROTO"), first.headers.get("Connection"), "Content-Length" in first.headers),
         (200, "1", "close", False), "PROTO 1, to the end of the connection")
    kinds = [kind for kind, _ in first.frames]
    same(kinds, ["F", "L", "D", "D"], "a frame has a name, the number of its first row, rows; then the end")
    same(first.frames[1][1], b"\0\0\0\0\0\0\0\1", "the first row is number 1")
    late = Reader(url, 2)
    same((late.read(), late.headers.get("X-GP-PROTO"), late.frames), (b"", "1", [("D", b"")]), "a segment that comes late gets the end, by PROTO 1")
    totals = p.shut(number)
    same(summary(totals), (True, 2, 0, 0), "a segment that does not come is not missed")
    same((totals["bytes"], totals["frames"]), (len(rows), 1), "what was dealt out")


def many(p):
    pieces = [many_rows(20000, seed) for seed in range(4)]
    number, url = p.offer(*pieces)
    got = read_all(url, 5)
    ok(all(isinstance(g, bytes) for g in got), "five segments at once", [g for g in got if not isinstance(g, bytes)])
    same(split(b"".join(got)), split(b"".join(pieces)), "together they have every row once")
    ok(all(g == b"" or g.endswith(b"\n") for g in got) and all(len(split(g)) == len([r for r in split(g) if r.endswith(b"\n")]) for g in got),
       "each has whole rows")
    same(summary(p.shut(number)), (True, 5, 0, 0), "the deal is whole")


def frames(p):
    pieces = [many_rows(20000, 1), many_rows(3, 2)]
    number, url = p.offer(*pieces)
    r = Reader(url)
    same(r.read(), b"".join(pieces), "one segment alone gets all, in order")
    data = [d for kind, d in r.frames if kind == "D"]
    ok(len(data) > 4 and all(len(d) <= FRAME for d in data) and all(len(d) > FRAME // 2 for d in data[:-3]), "frames are large, and not too large",
       [len(d) for d in data])
    ok(all(sum(line.count(b'"') for line in d.split(b"\n")) % 2 == 0 for d in data), "no frame ends inside a row")
    numbers = [int.from_bytes(d, "big") for kind, d in r.frames if kind == "L"]
    want, at = [], 1
    for d in data[:-2]:
        want.append(at)
        at += d.count(b"of two lines")
    same(numbers, want + [1], "rows are numbered within their piece")
    p.shut(number)


def empty(p):
    number, url = p.offer()
    same(read_all(url, 3), [b"", b"", b""], "no rows: the end")
    same(summary(p.shut(number)), (True, 3, 0, 0), "and that is fine")
    number, url = p.offer(b"", b"\n\n\n", b"")
    same(b"".join(read_all(url, 2)), b"\n\n\n", "rows that are empty lines are rows")
    same(p.shut(number)["fine"], True, "pieces without rows are none")
    number, url = p.offer(b"a\n")
    totals = p.shut(number)
    same((totals["fine"], totals["error"]), (False, "not all rows were asked for"), "rows that nobody asked for")


def waits(p):
    number, url = p.offer(end=False)
    r = Reader(url).ask()
    same(r.begin(), 200, "a segment is answered before there are rows")
    p.give(number, b"a\n", end=False)
    same([r.frame()[0] for _ in range(3)], ["F", "L", "D"], "it gets them when they are there")
    other = Reader(url, 1).ask()
    other.begin()
    p.give(number, b"b\n")
    r.rest()
    other.rest()
    same(sorted([r.rows(), other.rows()]) in ([b"a\n", b"b\n"], [b"", b"a\nb\n"]), True, "and the end when that was told")
    same(p.shut(number)["fine"], True, "the deal is whole")


def wide(p):
    rows = [b"1," + b"w" * (5 << 20) + b"\n", b"2,x\n", b'3,"' + b"\n" * (1 << 20) + b'"\n', b"4," + b"y" * FRAME + b"\n"]
    number, url = p.offer(b"".join(rows))
    r = Reader(url)
    same(r.read(), b"".join(rows), "rows of 5 MB")
    same([d for kind, d in r.frames if kind == "D"], rows + [b""], "each is a frame of its own")
    same(p.shut(number)["fine"], True, "the deal is whole")


# --- who may have them

def scans(p):
    number, url = p.offer(b"a\nb\n")
    first = Reader(url).ask()
    first.begin()
    for change in ({"cid": "4"}, {"xid": "12-0000000004"}, {"sn": "1"}):
        same("another scan has begun to read this location" in Reader(url, 1, **change).error(), True, f"another scan gets an error: {change}")
    same("segment 0 has asked for its rows before" in Reader(url, 0).error(), True, "so does a segment that asks twice")
    first.rest()
    same(first.rows(), b"a\nb\n", "the first one goes on")
    same("segment 0 has asked for its rows before" in Reader(url, 0).error(), True, "after its end, too")
    same("another scan" in Reader(url, 1, sn="1").error(), True, "and another scan")
    totals = p.shut(number)
    same((totals["fine"], totals["refused"], "another scan" in totals["first_refusal"]), (True, 6, True), "they are counted, and spoil nothing")
    ok(Reader(url, 2).error() == "http response code 404 from gpfdist", "what has ended is not found")


def formats(p):
    number, url = p.offer(b"a\n")
    for csvopt, text in (("m1x 34q 34n0h1", "HEADER"), ("m0x 92q  0n0h0", "FORMAT 'csv'"), ("m1x 92q 34n0h0", "FORMAT 'csv'"), ("m1x 34q 39n0h0", "FORMAT 'csv'"),
                         ("m1x 34q 34n3h0", "NEWLINE 'LF'"), ("m1x 34q 34n2h0", "NEWLINE 'LF'"), ("m0x 79q  0n0h0", "FORMAT 'csv'")):
        same(text in Reader(url, csvopt=csvopt).error(), True, f"a table that would read the rows wrong is told so: {csvopt}")
    same(Reader(url, csvopt="m1x34q34n1h0").read(), b"a\n", "one that says nothing wrong, as 7 writes it, gets them")
    same(p.shut(number)["fine"], True, "and that is all that counts")


def heads(p):
    number, url = p.offer(b"a\n")
    for name in ("X-GP-XID", "X-GP-CID", "X-GP-SN", "X-GP-SEGMENT-ID", "X-GP-PROTO", "X-GP-CSVOPT"):
        same(raw(url, Reader(url).head(drop=(name,))), 400, f"without {name}")
    bad = {
        "a segment that is none": ("X-GP-SEGMENT-ID", "-2"), "a segment above smallint": ("X-GP-SEGMENT-ID", "32768"),
        "rows to be written": ("X-GP-PROTO", "0"), "an empty XID": ("X-GP-XID", ""), "an XID with a slash": ("X-GP-XID", "a/b"),
        "a long XID": ("X-GP-XID", "1" * 42), "a number of segments that is none": ("X-GP-SEGMENT-COUNT", "x"),
        "no format": ("X-GP-CSVOPT", ""), "half a format": ("X-GP-CSVOPT", "m1x 34"), "a format out of bounds": ("X-GP-CSVOPT", "m1x999q 34n0h0"),
        "a format with a long number": ("X-GP-CSVOPT", "m1x" + "9" * 400 + "q 34n0h0"),
    }
    for what, (name, value) in bad.items():
        same(raw(url, Reader(url).head(drop=(name,), extra=(f"{name}: {value}",))), 400, what)
    same(raw(url, Reader(url).head(extra=("X-GP-SN: 0",))), 400, "a header twice")
    same(raw(url, Reader(url).head(extra=("Content-Length: 5",)) + b"a,b\n\n"), 400, "a body")
    same(raw(url, Reader(url).head(extra=("Transfer-Encoding: chunked",)) + b"0\r\n\r\n"), 400, "one in chunks")
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "BREW"):
        same(raw(url, Reader(url).head(method=method, extra=("Content-Length: 0",))), 405, method)
    same(Reader(url, -1).read(extra=("X-GP-ZSTD: 1", "Accept-Encoding: gzip", "X-GP-LINE-DELIM-STR: 0A", "Content-Length: 0")), b"a\n",
         "other headers are passed over; nothing is compressed; the coordinator is a segment as well")
    ok(p.shut(number)["refused"] > 20, "those that are refused are counted")


def strangers(p):
    number, url = p.offer(b"a\n")
    token = url.split("/")[3]
    other = ("0" if token[0] != "0" else "1") + token[1:]
    for path in ("/", "*", "/" + other, "/" + other + "/t", "/" + token[:-1], "/" + token + "x", "//" + token + "/t", "/x/../" + token + "/t",
                 "/..", "/%00", "/" + "a" * 2000, "/gpfdist/status/", "/gpfdist"):
        for method in ("GET", "POST", "BREW"):
            same(raw(url, Reader(url).head(method=method, path=path)), 404, f"no such place: {method} {path.replace(token, '<token>')[:40]}")
    same(raw(url, b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"), 404, "one that is no segment is told nothing else")
    status = Reader(url)
    status.path = "/gpfdist/status"
    status.ask(drop=("X-GP-XID", "X-GP-CID", "X-GP-SN", "X-GP-PROTO", "X-GP-CSVOPT", "X-GP-SEGMENT-ID"))
    same((status.begin(), status.take(4)), (200, b"rows"), "the status that segments ask for is harmless")
    status.close()
    r = Reader(url)
    r.path = f"/{token}"
    same(r.read(), b"a\n", "the token alone will do")
    same(summary(p.shut(number)), (True, 1, 0, 0), "none of it concerns the deal")
    same(raw(url, r.head()), 404, "after its end the token is unknown")


def noise(p):
    number, url = p.offer(b"a\n")
    rng = random.Random(7)
    good = Reader(url, cid="77").head(drop=("X-GP-CSVOPT",))
    for data in [b"\0" * 1000, b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + b"\x11" * 500, b"G" * (1 << 20), b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                 b"GET / HTTP/1.1\r\n" + b"X-GP-SN: 1\r\n" * 100000, b"GET / HTTP/1.1\r\nX: " + b"y" * (1 << 20) + b"\r\n\r\n", b"\r\n" * 100000] + \
            [bytes(b if rng.random() > 0.01 else rng.randrange(256) for b in good)[:rng.randrange(len(good))] for _ in range(200)]:
        c = Connection(url)
        try:
            c.send(data)
        except Cut:
            pass
        c.close()
    same(Reader(url).read(), b"a\n", "after much noise it serves on")
    same(p.shut(number)["fine"], True, "and well")


# --- what must fail

def fails(p):
    number, url = p.offer(b"a\n", end=False)
    first, second = Reader(url, 0).ask(), Reader(url, 1)
    first.begin()
    same([first.frame()[0] for _ in range(3)], ["F", "L", "D"], "one segment has rows")
    second.ask().begin()
    p.ask(f"fail {number} 'b0001/0002.csv' has another SHA-256 than its manifest says — wrong")
    errors = []
    for r in (first, second):
        try:
            r.rest()
        except Failed as e:
            errors.append(str(e))
    want = "gpfdist error - 'b0001/0002.csv' has another SHA-256 than its manifest says — wrong"
    same(errors, [want, want], "what is wrong with the rows every segment is told")
    same(Reader(url, 2).error(), want, "one that comes later, too")
    totals = p.shut(number)
    same((totals["fine"], totals["error"]), (False, want[16:]), "and the owner")
    number, url = p.offer(b"good\n", b"a,\"not whole\n")
    same([("the last row is not whole" in Reader(url, i).error()) for i in range(2)], [True, True], "a piece that ends within a row is never dealt out")
    p.shut(number)
    number, url = p.open()
    p.ask(f"fail {number} {'ä' * 300}")
    error = Reader(url).error()
    ok(len(error.encode()) < 520 and error.endswith("ä"), "a long text is cut, but no character", error)
    p.shut(number)


def vanished(p):
    pieces = [b"".join(b"%d,%d,%s\n" % (k, i, b"x" * 40) for i in range(60000)) for k in range(2)]
    for how in ("close", "reset"):
        number, url = p.offer(*pieces)
        gone = Reader(url, 0).ask()
        gone.begin()
        while gone.frame()[0] != "D":
            pass
        getattr(gone, how)()
        others = [Reader(url, i) for i in (1, 2)]
        errors = [r.error() for r in others]
        same(["segment 0 went away before it had all of its rows" in e for e in errors], [True, True], f"a segment goes ({how}): the others get an error")
        totals = p.shut(number)
        same((totals["fine"], totals["segments"], "went away" in totals["error"]), (False, 3, True), "the deal is spoilt")
        dealt = split(gone.rows()) + [row for r in others for row in split(r.rows())]
        same((len(dealt), set(dealt) <= set(split(pieces[0] + pieces[1]))), (len(set(dealt)), True), "its rows are not dealt to another")
    number, url = p.offer(end=False)
    gone = Reader(url, 0).ask()
    gone.begin()
    gone.close()
    p.give(number, b"a\n")
    p.tell(f"wait {number} 600")
    other = in_background(Reader(url, 1).error)
    ok("segment 0 went away" in p.answers.get()["error"], "one that goes before it had any: nobody waits for it")
    same("segment 0 went away" in other.result.get(), True, "another gets the error, whatever rows it had")
    totals = p.shut(number)
    ok(not totals["fine"] and "went away" in totals["error"], "it does not count as whole", totals)


def vanished_unnoticed(p):
    """One segment goes while the dealer waits for rows, and it is another that the end is for first."""
    offers = []
    for _ in range(10):
        number, url = p.offer(end=False)
        stays, gone = Reader(url, 1).ask(), Reader(url, 0)
        stays.begin()
        gone.ask().begin()
        gone.close()
        offers.append((number, in_background(stays.rest)))
    for number, _ in offers:
        p.ask(f"end {number}")
    same(["segment 0 went away" in str(t.result.get()) for _, t in offers], [True] * 10, "no end is told once a segment has gone")
    same([p.shut(number)["fine"] for number, _ in offers], [False] * 10, "nor does it count as whole")


def ends_early(p):
    """The statement ends while segments are busy: LIMIT, cancel, error elsewhere."""
    big = many_rows(60000, 4)
    number, url = p.offer(big, big, big, end=False)
    busy, idle = Reader(url, 0).ask(), Reader(url, 1).ask()
    busy.begin()
    busy.frame()
    totals = p.shut(number)
    same((totals["fine"], totals["unfinished"] >= 1), (False, True), "a deal that is shut under its segments does not count")
    for name, r in (("busy", busy), ("other", idle)):
        try:
            r.begin() if r.status == 0 else None
            r.rest()
            got = "whole"
        except (Failed, Cut):
            got = "cut"
        same(got, "cut", f"no segment takes it for whole: the {name} one")
    ok(Reader(url, 2).error() == "http response code 404 from gpfdist", "who comes now is told so")


def truncated(p):
    """Whatever the moment, a deal that is shut leaves no segment with an end, unless all rows were there."""
    rows = many_rows(30000, 5)
    for i in range(12):
        number, url = p.offer(rows, rows, end=i % 2 == 0)
        threads = [in_background(r.read) for r in readers(url, 3)]
        if i % 3 > 0:
            time.sleep(random.random() / 50)
        totals = p.shut(number)
        got = [t.result.get() for t in threads]
        whole = all(isinstance(g, bytes) for g in got)
        if whole and not totals["fine"]:
            same(split(b"".join(got)), split(rows + rows), f"{i}: all have an end, so all rows are there")
        elif whole:
            same(len(b"".join(got)), 2 * len(rows), f"{i}: whole")
        else:
            ok(True, f"{i}: some have no end")


# --- bounds

def crowd(p):
    rows = many_rows(40000, 6)
    number, url = p.offer(rows, rows, rows)
    got = read_all(url, 100)
    ok(all(isinstance(g, bytes) for g in got), "100 segments", [g for g in got if not isinstance(g, bytes)][:3])
    same(split(b"".join(got)), split(rows * 3), "together they have every row once")
    same(summary(p.shut(number)), (True, 100, 0, 0), "the deal is whole")


def deals(p):
    offers = [(p.offer(many_rows(5000, seed)), many_rows(5000, seed)) for seed in range(8)]
    threads = [[in_background(r.read) for r in readers(url, 4, cid=str(number))] for (number, url), _ in offers]
    for ((number, _), rows), four in zip(offers, threads):
        got = [t.result.get() for t in four]
        same((all(isinstance(g, bytes) for g in got) and split(b"".join(got)) == split(rows), p.shut(number)["fine"]), (True, True), "eight deals at once: each has its own rows")


def held_back(p):
    """What is not read is not asked for: three pieces wait, and no more."""
    piece = many_rows(100000, 7)
    number, url = p.offer(*[piece] * 6)
    p.wait_given(number, 3)
    r = Reader(url).ask()
    r.begin()
    got = r.rest().rows()
    same(len(got), 6 * len(piece), "six pieces, three at a time")
    p.wait_given(number, 6)
    p.shut(number)


def memory(p, bound):
    piece = many_rows(60000, 8)
    before = p.anonymous()
    numbers = [p.offer(*[piece] * 4) for _ in range(6)]
    threads = [[in_background(r.read) for r in readers(url, 4, cid=str(number))] for number, url in numbers]
    peak = before
    while any(t.result.empty() for four in threads for t in four):
        peak = max(peak, p.anonymous())
        time.sleep(0.02)
    for (number, _), four in zip(numbers, threads):
        got = [t.result.get() for t in four]
        same((all(isinstance(g, bytes) for g in got), sum(len(g) for g in got), p.shut(number)["fine"]), (True, 4 * len(piece), True),
             "six deals share little memory")
    ok_memory((peak - before) << 10 < bound, f"no more than {bound >> 20} MB was taken", f"{(peak - before) >> 10} MB")
    number, url = p.offer(many_rows(600000, 9))
    ok("of memory" in Reader(url).error(), "rows that are larger than all of it fail the deal")
    p.shut(number)


def slow(p):
    """Those that take their time keep nobody from anything, and nobody is cut."""
    rows = many_rows(100000, 10)
    number, url = p.offer(*[rows] * 6)
    lazy = Reader(url, 0).ask()
    lazy.begin()
    quick = Reader(url, 1).read()
    lazy.rest()
    same(len(quick + lazy.rows()), 6 * len(rows), "a slow reader has his rows in the end, and keeps nobody from the others")
    same(p.shut(number)["fine"], True, "the deal is whole")
    drip = Connection(url)
    drip.send(b"GET / HT")
    ok(drip.ended(), "a head that does not come to its end is cut")


def few_connections(p):
    """Who comes when all connections are in use waits, or is turned away before he has anything."""
    rows = many_rows(20000, 11)
    number, url = p.offer(rows)

    def come(r):
        while True:
            try:
                return r.read()
            except Cut:
                if r.frames:
                    raise

    got = [t.result.get() for t in [in_background(come, r) for r in readers(url, 12)]]
    ok(all(isinstance(g, bytes) for g in got), "more segments than connections", got)
    same(split(b"".join(got)), split(rows), "they have all rows in the end")
    same(summary(p.shut(number)), (True, 12, 0, 0), "the deal is whole")


def waiting(p):
    number, url = p.offer(b"a\n")
    p.tell(f"wait {number} 600")
    read_all(url, 3)
    same(p.answers.get(), {"fine": True, "error": ""}, "who waits is told when all segments had their end")
    p.shut(number)
    number, url = p.offer(b"a\n")
    p.tell(f"wait {number} 0")
    Reader(url).read()
    same(p.answers.get()["fine"], True, "or when nobody else came for a while")
    p.shut(number)
    number, url = p.offer(many_rows(60000, 12))
    p.tell(f"wait {number} 600")
    r = Reader(url).ask()
    r.begin()
    r.frame()
    r.reset()
    same("went away" in p.answers.get()["error"], True, "or when it cannot be any more")
    p.shut(number)


def starts():
    for name, settings, text in (("no memory", {"memory": "1MB"}, "do not do for 64 connections"), ("no connections", {"connections": 0}, "needs connections"),
                                 ("another host's address", {"host": "192.0.2.1"}, "cannot listen"), ("no host", {"host": "no.such.host.invalid"}, "cannot listen")):
        status, errors = Dealer(**settings).stop()
        same((status != 0, text in errors), (True, True), f"it does not start with {name}")


def tls():
    def f(name):
        return os.path.join(DIR, "tls", name)

    p = Dealer(tls_certificate=f("server.crt"), tls_key=f("server.key"), tls_authority=f("ca.crt"))
    rows = many_rows(20000, 13)
    number, url = p.offer(rows)
    ok(url.startswith("gpfdists://"), "a URL of gpfdists", url)
    for name, tls_ in (("no certificate", tls_context(f("ca.crt"))), ("one of another authority", tls_context(f("ca.crt"), f("stranger.crt"), f("stranger.key"))),
                       ("no TLS", None)):
        try:
            got = Reader(url, tls=tls_).read()
        except (Failed, Cut, OSError):
            got = "nothing"
        same(got, "nothing", f"a client with {name} gets nothing")
    mine = tls_context(f("ca.crt"), f("client.crt"), f("client.key"))
    got = read_all(url, 3, tls=mine)
    same(split(b"".join(g for g in got if isinstance(g, bytes))), split(rows), "segments with a good one get the rows")
    same(summary(p.shut(number))[:3], (True, 3, 0), "the deal is whole")
    p.stop()


def main():
    p = Dealer(connections=160)
    for scene in (the_head, well, many, frames, empty, waits, wide, scans, formats, heads, strangers, noise, fails, vanished, vanished_unnoticed, ends_early, truncated,
                  crowd, deals, held_back, waiting):
        scene(p)
    same(p.stop(), (0, ""), "it ends well, and has said nothing")
    p = Dealer(connections=24, memory="24MB")
    memory(p, 24 << 20)
    p.stop()
    p = Dealer(connections=4, header_seconds=1)
    few_connections(p)
    slow(p)
    p.stop()
    starts()
    if os.path.isdir(os.path.join(DIR, "tls")):
        tls()
    return done_testing()


sys.exit(main())
