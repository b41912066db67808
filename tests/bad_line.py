#!/usr/bin/env python3
"""bad_line.py -- a line between a program and a server that breaks where it is told to, for system tests.

    bad_line.py PORT_FILE HOST:PORT

Listens on 127.0.0.1, on a port of its own choice, written to PORT_FILE, and hands bytes on to HOST:PORT and back.  A
connection that begins with "BADLINE " is a command; its answer is how many bytes went to the server since the last
one, and whether the line broke:

    BADLINE good 0           nothing breaks
    BADLINE line N           after N bytes to the server every connection is reset, and every further one, until the next command
    BADLINE once N           after N bytes every connection is reset, further ones are good
    BADLINE answer N         the server gets everything; of the answers that come after N bytes the first one is lost
    BADLINE kill N PIDFILE   after N bytes the process is killed (SIGKILL) whose id PIDFILE holds
"""
import os
import signal
import socket
import struct
import sys
import threading

port_file = sys.argv[1]
server_host, _, server_port = sys.argv[2].rpartition(":")
lock = threading.Lock()
line = {"mode": "good", "cut": 0, "pid_file": "", "up": 0, "dead": False, "broke": False, "deaf": False}
connections = set()


def reset(end):
    """As a router that forgets: the other side gets a reset."""
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()


def reset_all():
    for client, server in list(connections):
        reset(client)
        reset(server)
    connections.clear()


def break_it():
    """The lock is held."""
    line["broke"] = True
    if line["mode"] == "kill":
        with open(line["pid_file"], encoding="ascii") as pid:
            os.kill(int(pid.read()), signal.SIGKILL)
    line["dead"] = line["mode"] == "line"
    line["mode"] = "good"
    reset_all()


def pump_up(client, server):
    try:
        while data := client.recv(16384):
            with lock:
                room = line["cut"] - line["up"]
                if line["mode"] in ("line", "once", "kill") and len(data) >= room:
                    server.sendall(data[:max(room, 0)])
                    line["up"] += max(room, 0)
                    break_it()
                    return
                line["up"] += len(data)
                line["deaf"] = line["deaf"] or (line["mode"] == "answer" and line["up"] >= line["cut"])
            server.sendall(data)
    except OSError:
        pass
    end(client, server)


def pump_down(client, server):
    try:
        while data := server.recv(65536):
            with lock:
                # "100 Continue" is no answer
                if line["deaf"] and line["mode"] == "answer" and not data.startswith(b"HTTP/1.1 100"):
                    line["deaf"] = False
                    break_it()
                    return
            client.sendall(data)
    except OSError:
        pass
    end(client, server)


def end(client, server):
    with lock:
        if (client, server) not in connections:
            return
        connections.discard((client, server))
    for side in (client, server):
        try:
            side.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        side.close()


def command(client, words):
    with lock:
        reply = f"{line['up']} {'broken' if line['broke'] else 'whole'}\n"
        line.update(mode=words[1], cut=int(words[2]), pid_file=words[3] if len(words) > 3 else "", up=0, dead=False,
                    broke=False, deaf=False)
    client.sendall(reply.encode())
    client.close()


def serve(client):
    try:
        if client.recv(8, socket.MSG_PEEK | socket.MSG_WAITALL) == b"BADLINE ":
            command(client, client.recv(4096).decode().split())
            return
        with lock:
            if line["dead"]:
                reset(client)
                return
        server = socket.create_connection((server_host, int(server_port)))
    except OSError:
        reset(client)
        return
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with lock:
        connections.add((client, server))
    threading.Thread(target=pump_down, args=(client, server), daemon=True).start()
    pump_up(client, server)


listener = socket.create_server(("127.0.0.1", 0), backlog=64)
with open(port_file + ".new", "w", encoding="ascii") as out:
    out.write(f"{listener.getsockname()[1]}\n")
os.rename(port_file + ".new", port_file)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
