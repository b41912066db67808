#!/usr/bin/env python3
"""fake_metadata.py -- the metadata service of a cloud, for system tests.

    fake_metadata.py PORT_FILE LOG KIND

Listens on 127.0.0.1, on a port of its own choice, written to PORT_FILE.  LOG gets a line for each request.  KIND:

    aws, ecs      a role "pusher" with the key in the file FAKE_ROLE_KEY: access key, secret, token, seconds left
    roleless      a machine without a role
    garbled       as aws, but the key is no JSON
    failed        as aws, but its Code is no success
    old           knows no tokens (404)
"""
import http.server
import json
import os
import sys
import time

port_file, log_path, kind = sys.argv[1:]
cloud = "aliyun-ecs" if kind == "ecs" else "aws-ec2"
folder = f"/latest/meta-data/{'ram' if kind == 'ecs' else 'iam'}/security-credentials/"
log = open(log_path, "w", encoding="ascii")


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def answer(self, status, text=""):
        log.write(f"{self.command} {self.path} {status}\n")
        log.flush()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_PUT(self):
        if kind == "old" or self.path != "/latest/api/token" or not self.headers[f"x-{cloud}-metadata-token-ttl-seconds"]:
            self.answer(404)
        else:
            self.answer(200, "a-token-of-the-service")

    def do_GET(self):
        if self.headers[f"x-{cloud}-metadata-token"] != "a-token-of-the-service":
            self.answer(401)
        elif kind != "roleless" and self.path == folder:
            self.answer(200, "pusher\n")
        elif kind != "roleless" and self.path == folder + "pusher":
            self.answer(200, self.key())
        else:
            self.answer(404)

    @staticmethod
    def key():
        with open(os.environ["FAKE_ROLE_KEY"], encoding="ascii") as lines:
            access, secret, token, left = lines.read().split()
        if kind == "garbled":
            return f"<html>{secret}</html>"
        names = ("AccessKeySecret", "SecurityToken") if kind == "ecs" else ("SecretAccessKey", "Token")
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + int(left)))
        return json.dumps({"Code": "Failed" if kind == "failed" else "Success", "AccessKeyId": access, names[0]: secret,
                           names[1]: token, "Expiration": ends})


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(port_file + ".new", "w", encoding="ascii") as out:
    out.write(f"{server.server_address[1]}\n")
os.rename(port_file + ".new", port_file)
server.serve_forever()
