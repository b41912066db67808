#!/usr/bin/env python3
"""measure.py -- run a command and add a line of JSON about it to a file.

    measure.py FILE ROUND NAME SERVERS COMMAND...

SERVERS is "postgres=PID,PID ceph=PID": the CPU time that these processes and their children take meanwhile is the
servers'.  The line holds round, name, wall and CPU seconds ("client" of the command and its children, each of
"servers", and "others": what the rest of the machine took), and in bytes "peak", the most that one process of the command held,
and "sum", the most that all held at once.  The exit status is the command's.
"""
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time

INTERVAL = 20  # milliseconds between two looks at the memory
TICK = os.sysconf("SC_CLK_TCK")


def children(pid):
    """The processes that PID's threads have started."""
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += file.read().split()
    except OSError:
        pass  # it has ended
    return found


def tree(pid):
    found = [pid]
    for process in found:  # grows meanwhile
        found += children(process)
    return found


def memory(pid):
    """Bytes that PID holds, and the most that it ever held since its exec."""
    now = most = 0
    try:
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    most = int(line.split()[1]) * 1024
                elif line.startswith("VmRSS:"):
                    now = int(line.split()[1]) * 1024
    except OSError:
        pass
    return now, most


def seconds(pid):
    """CPU time of PID and of its children that have ended."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICK


def server_seconds(pids):
    # A child that ends meanwhile hands its time on to its parent.
    return sum(seconds(process) for pid in pids for process in tree(pid))


def machine_seconds():
    """CPU time that anything has taken, or that the host has kept from this machine."""
    with open("/proc/stat") as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICK


def watch(process):
    """Wait for it; the most that one process held, and the most that all held at once."""
    peak = at_once = 0
    ended = select.poll()
    ended.register(os.pidfd_open(process.pid), select.POLLIN)
    while not ended.poll(INTERVAL):
        held = [memory(pid) for pid in tree(process.pid)]
        peak = max([peak] + [most for _, most in held])
        at_once = max(at_once, sum(now for now, _ in held))
    process.wait()
    return peak, at_once


def main():
    path, round_name, name, servers, command = *sys.argv[1:5], sys.argv[5:]
    servers = {kind: pids.split(",") for kind, pids in (entry.split("=") for entry in servers.split())}

    before = {kind: server_seconds(pids) for kind, pids in servers.items()}
    machine = machine_seconds()
    own = time.process_time()
    start = time.monotonic()
    process = subprocess.Popen(command)

    def stop(*_):
        for pid in tree(process.pid):
            os.kill(int(pid), signal.SIGTERM)
        sys.exit(143)

    signal.signal(signal.SIGTERM, stop)
    peak, at_once = watch(process)
    wall = time.monotonic() - start
    own = time.process_time() - own
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    client = usage.ru_utime + usage.ru_stime
    taken = {kind: server_seconds(pids) - before[kind] for kind, pids in servers.items()}
    others = machine_seconds() - machine - own - client - sum(taken.values())

    with open(path, "a") as file:
        json.dump({"round": round_name, "name": name, "wall": wall, "client": client,
                   "servers": taken, "others": max(others, 0), "peak": peak, "sum": at_once}, file)
        file.write("\n")
    sys.exit(process.returncode if process.returncode >= 0 else 128 - process.returncode)


if __name__ == "__main__":
    main()
