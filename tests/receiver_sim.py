"""receiver_sim.py -- segments that write to gpm-export receive, under URLs that gpm-export would have given them.

    python3 receiver_sim.py url HOST:PORT KEYFILE NAME              the URL
    python3 receiver_sim.py send HOST:PORT KEYFILE NAME FILE SEED   the rows of FILE, from five segments with a bad network
    python3 receiver_sim.py begin URL ROWS                          one segment that opens and sends ROWS, and goes
    python3 receiver_sim.py end URL ROWS [FILE]                     the same, but FILE is removed, and then it says that this was all;
                                                                    prints the status
    python3 receiver_sim.py post URL SEQ [XID]                      one request with a row; prints the status
"""
import hashlib
import hmac
import io
import os
import random
import sys
import threading

from segment_sim import Chaos, Segment

SEGMENTS = 5


def signed(address, keyfile, name):
    """Programmed a second time, after receive_url.h."""
    with open(keyfile, "rb") as f:
        key = f.readline().rstrip(b"\r\n")
    return f"gpfdist://{address}/{hmac.new(key, name.encode(), hashlib.sha256).hexdigest()[:32]}/{name}"


def whole_rows(data, rng):
    """DATA in bodies that end where a record does."""
    body, quotes = b"", 0
    size = rng.randrange(1, 40000)
    for line in io.BytesIO(data):
        body += line
        quotes += line.count(b'"')
        if quotes % 2 == 0 and body.endswith(b"\n") and len(body) >= size:
            yield body
            body, size = b"", rng.randrange(1, 40000)
    if body:
        yield body


def send(url, path, seed):
    with open(path, "rb") as f:
        bodies = list(whole_rows(f.read(), random.Random(seed)))
    errors = []

    def one(number):
        s = Chaos(url, number, SEGMENTS, rng=random.Random(f"{seed}.{number}"))
        try:
            if bodies[number::SEGMENTS]:
                s.open()
                for body in bodies[number::SEGMENTS]:
                    s.rows(body)
                s.done()
        except Exception as e:  # a thread's end would be silent
            errors.append(f"segment {number}: {type(e).__name__} {e}")
        s.disconnect()

    threads = [threading.Thread(target=one, args=(i,)) for i in range(SEGMENTS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print("\n".join(errors), file=sys.stderr)
    return 1 if errors else 0


def main(what, *args):
    if what == "url":
        print(signed(*args))
    elif what == "send":
        return send(signed(*args[:3]), args[3], args[4])
    elif what == "begin":
        s = Segment(args[0], 0, SEGMENTS)
        s.open()
        s.rows(args[1].encode() + b"\n")
        s.disconnect()
    elif what == "end":
        s = Segment(args[0], 0, SEGMENTS)
        s.open()
        s.rows(args[1].encode() + b"\n")
        for path in args[2:]:
            os.unlink(path)
        print(s.post(done=True)[0])
    elif what == "post":
        s = Segment(args[0], 0, SEGMENTS, **({"xid": args[2]} if len(args) > 2 else {}))
        print(s.post(b"1,x\n" if args[1] != "1" else b"", seq=int(args[1]))[0])
    return 0


sys.exit(main(*sys.argv[1:]))
