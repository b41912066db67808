"""probing.py -- what the rules of both ends of the gpfdist protocol are tested with: TAP, and a program under test.

Nothing here looks at a clock: a wait is for something that has to happen, and for ever if it does not.
"""
import json
import os
import queue
import random
import socket
import subprocess
import sys
import threading

from segment_sim import Connection, Cut

PROBE, DIR = sys.argv[1], sys.argv[2]
tests = failures = 0
with open(PROBE, "rb") as program:
    SANITIZED = b"__asan_init" in program.read()


def ok(good, name, detail=""):
    global tests, failures
    tests += 1
    print(f"{'ok' if good else 'not ok'} {tests} - {name}", flush=True)
    if not good:
        failures += 1
        print("# " + str(detail).replace("\n", "\n# "), flush=True)
    return good


def ok_memory(good, name, detail=""):
    """A sanitizer takes memory of its own, and keeps what was freed."""
    if SANITIZED:
        return ok(True, f"{name} # SKIP a sanitizer takes memory of its own")
    return ok(good, name, detail)


def same(got, want, name):
    return ok(got == want, name, f"got  {got!r}\nwant {want!r}")


def free_port():
    """Below those that the kernel gives to outgoing connections."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Probe:
    """A program under test that takes commands, lines, and answers each by an object; those that tell of a close come
    whenever it is done."""

    count = 0

    def __init__(self, *arguments, **settings):
        Probe.count += 1
        self.dir = os.path.join(DIR, f"p{Probe.count}")
        os.mkdir(self.dir)
        settings.setdefault("port", free_port())
        self.errors = open(os.path.join(self.dir, "stderr"), "w+")
        self.process = subprocess.Popen(
            [PROBE, *(a.format(dir=self.dir) for a in arguments)] + [f"{k}={v}" for k, v in settings.items()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.answers, self.closed = queue.Queue(), queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            answer = json.loads(line)
            (self.closed if "closed" in answer else self.answers).put(answer)
        self.answers.put(None)
        self.closed.put(None)

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def ask(self, command):
        self.tell(command)
        return self.answers.get()

    def close(self, number):
        self.tell(f"close {number}")
        return self.closed.get()

    def anonymous(self):
        """kB of memory that is no file's."""
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(next(line for line in f if line.startswith("RssAnon")).split()[1])

    def stop(self):
        self.process.stdin.close()
        status = self.process.wait()
        self.errors.seek(0)
        return status, self.errors.read()


def in_background(function, *args, **kw):
    """A thread; .result.get() is what FUNCTION returned or raised."""
    result = queue.Queue()

    def run():
        try:
            result.put(function(*args, **kw))
        except Exception as e:
            result.put(e)

    t = threading.Thread(target=run, daemon=True)
    t.result = result
    t.start()
    return t


def raw(url, data, timeout=60):
    """Bytes as they are: the first answer's status, 0 when there is none."""
    c = Connection(url, timeout=timeout)
    try:
        c.send(data)
        return c.final()[0]
    except (Cut, socket.timeout, ValueError, IndexError):
        return 0
    finally:
        c.close()


def done_testing():
    """The exit status."""
    print(f"1..{tests}")
    return failures > 0
