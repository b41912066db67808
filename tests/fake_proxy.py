#!/usr/bin/env python3
"""fake_proxy.py -- an HTTP proxy that knows CONNECT only, for system tests.

    fake_proxy.py PORT_FILE LOG STEP...

Listens on 127.0.0.1, on a port of its own choice, written to PORT_FILE.  Each connection takes the next STEP; when none is
left every further one is let through.  LOG gets a line for each: what was asked for, whether it said who it is, the step.

    ok        lets through
    407 …     any status: refuses with it
    hangup    closes without an answer
"""
import os
import socket
import sys
import threading

port_file, log_path = sys.argv[1:3]
steps = sys.argv[3:]
log = open(log_path, "w", encoding="ascii")


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client, step):
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(4096)
        if not data:
            return
        head += data
    lines = head.decode("latin-1").split("\r\n")
    known = any(line.lower().startswith("proxy-authorization:") for line in lines)
    log.write(f"{lines[0]} {'known' if known else '-'} {step}\n")
    log.flush()
    if step == "hangup":
        client.close()
    elif step != "ok":
        client.sendall(f"HTTP/1.1 {step} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        client.close()
    else:
        host, _, port = lines[0].split()[1].rpartition(":")
        server = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=pump, args=(server, client), daemon=True).start()
        pump(client, server)


listener = socket.create_server(("127.0.0.1", 0))
with open(port_file + ".new", "w", encoding="ascii") as out:
    out.write(f"{listener.getsockname()[1]}\n")
os.rename(port_file + ".new", port_file)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection, steps.pop(0) if steps else "ok"), daemon=True).start()
