"""A week of an agency with a clock that the test moves: webhooks of many clients, each with its
reply, hour by hour. After the first day `foyer doctor` foretells how large the store is when the
week is over; in the end it is that large, but for ten per cent.

    week.py FOYER DIRECTORY [--clients N] [--events N] [--days N]

EVENTS is those of each client and day. Prints one line of JSON; exit code 1 when the size differs
by more, or something was not replied to.
"""
import argparse
import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time

KEY = "key-of-the-app"
HOUR = 3600 * 1000
DAY = 24 * HOUR
STEPS = 4  # a day
# so short that bodies and exchanges come and go within the week
SETTINGS = """return {
  apps = { front = { client_id = "a", client_secret = "b", signing_key = "%s" } },
  keep = { deliveries = "5d", bodies = "3d", exchanges = "2d" },
}
""" % KEY


class Company(http.server.BaseHTTPRequestHandler):
    """Accepts everything. Who asks is the token's company."""
    protocol_version = "HTTP/1.1"
    messages = 0

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        name = self.headers.get("Authorization", "").split("-")[-1]
        self.answer(200, {"id": "cmp_" + name, "name": name} if self.path == "/me" else {"_results": []})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Company.messages += 1
        self.answer(202, {"status": "accepted", "message_uid": f"{Company.messages:032x}"})


class Api(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024  # the default, 5, leaves requests without an answer


class Week:
    def __init__(self, foyer, directory, args):
        self.foyer, self.dir, self.args = foyer, os.path.join(directory, "agency"), args
        self.clock_file = os.path.join(directory, "clock")
        self.now = int(time.time()) // 3600 * HOUR
        self.set_clock(self.now)
        self.env = dict(os.environ, HOME=directory, XDG_CONFIG_HOME=os.path.join(directory, "config"),
                        FOYER_TEST_CLOCK=self.clock_file)
        self.sent = 0

    def set_clock(self, ms):
        self.now = ms
        with open(self.clock_file + ".new", "w") as f:
            f.write(str(ms))
        os.rename(self.clock_file + ".new", self.clock_file)

    def run(self, *arguments, codes=(0,), **more):
        done = subprocess.run([self.foyer, "-w", self.dir, *arguments], env=self.env, capture_output=True, text=True,
                              check=False, **more)
        if done.returncode not in codes:
            raise RuntimeError(f"foyer {arguments}: {done.stderr}")
        return done.stdout

    def make(self, api):
        subprocess.run([self.foyer, "init", self.dir], env=self.env, check=True, capture_output=True)
        self.write("foyer.lua", SETTINGS)
        for i in range(self.args.clients):
            self.write(f"clients/c{i}/client.lua",
                       'return { name = "C%d", recipes = { ["first-reply"] = true } }\n' % i)
        for i in range(self.args.clients):
            self.run("connect", f"c{i}", "--token-file", "-", "--api-url", api, input=f"token-{i}\n")
        sample = json.loads(self.run("triggers", "front/conversation-created", "--sample", "--json"))
        self.sample = json.dumps(sample)

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)

    def start(self):
        self.server = subprocess.Popen([self.foyer, "-w", self.dir, "serve", "--listen", "127.0.0.1:0"], env=self.env,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.host = self.server.stdout.readline().strip().split("//")[1]
        self.connection = http.client.HTTPConnection(self.host)

    def stop(self):
        self.server.terminate()
        self.server.wait()

    def send(self, client):
        self.sent += 1
        event = json.loads(self.sample)
        event["authorization"] = {"id": f"cmp_{client}"}
        payload = event.get("payload", event)
        payload["id"] = f"evt_{self.sent:x}"
        payload["conversation"]["id"] = f"cnv_{self.sent:07x}"
        body = json.dumps(event, separators=(",", ":")).encode()
        stamp = str(self.now)
        sign = hmac.new(KEY.encode(), stamp.encode() + b":" + body, hashlib.sha256).digest()
        self.connection.request("POST", "/hooks/front", body, {
            "Content-Type": "application/json", "X-Front-Request-Timestamp": stamp,
            "X-Front-Signature": base64.b64encode(sign).decode()})
        answer = self.connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status

    def query(self, sql):
        db = sqlite3.connect(f"file:{self.dir}/state/foyer.db?mode=ro", uri=True, timeout=10)
        try:
            return db.execute(sql).fetchone()[0]
        finally:
            db.close()

    def settle(self):
        until = time.monotonic() + 600
        while self.query("SELECT (SELECT count(*) FROM delivery WHERE state = 0) +"
                         " (SELECT count(*) FROM run WHERE state < 7)"):
            if time.monotonic() > until:
                raise RuntimeError("runs do not end")
            time.sleep(0.02)

    def tidy(self):
        """A worker's retention has an hour for what one round of cron's, a second long, may not end."""
        old = (f"SELECT (SELECT count(*) FROM delivery WHERE at_ms < {self.now - 5 * DAY}) +"
               f" (SELECT count(*) FROM exchange WHERE at_ms < {self.now - 2 * DAY}) + (SELECT count(*) FROM"
               f" delivery_body b JOIN delivery d ON d.id = b.id WHERE d.at_ms < {self.now - 3 * DAY})")
        self.run("cron")
        while self.query(old):
            self.run("cron")
        # nor has it the minutes in which the worker looks whether messages have appeared
        db = sqlite3.connect(f"{self.dir}/state/foyer.db", timeout=30)
        with db:
            db.execute("DELETE FROM receipt")
        db.close()

    def day(self):
        for _ in range(STEPS):
            each = self.args.events // STEPS
            for number in range(each):
                for client in range(self.args.clients):
                    self.send(client)
                if number % 10 == 9:  # no longer line than the company answers in time
                    self.settle()
            self.settle()
            self.set_clock(self.now + DAY // STEPS)
            self.tidy()

    def size(self):
        found = json.loads(self.run("doctor", "--json", codes=(0, 65, 77)))["findings"]
        return next(f for f in found if f["check"] == "size")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("foyer")
    parser.add_argument("directory")
    parser.add_argument("--clients", type=int, default=40)
    parser.add_argument("--events", type=int, default=500)
    parser.add_argument("--days", type=int, default=8)
    args = parser.parse_args()
    api = Api(("127.0.0.1", 0), Company)
    threading.Thread(target=api.serve_forever, daemon=True).start()
    week = Week(os.path.abspath(args.foyer), os.path.abspath(args.directory), args)
    week.make(f"http://127.0.0.1:{api.server_port}")
    week.start()
    sizes = []
    try:
        for number in range(args.days):
            week.day()
            sizes.append(week.size())
            print(f"day {number + 1}: {sizes[-1]['message']}", file=sys.stderr)
    finally:
        week.stop()
    foretold = sizes[args.days - 8]["bytes_in_7_days"] if args.days >= 8 else sizes[0]["bytes_in_7_days"]
    is_size = sizes[-1]["bytes"]
    result = {"events": week.sent, "replies": Company.messages, "foretold": foretold, "is": is_size,
              "differs_by": round((is_size - foretold) / foretold, 3),
              "by_day": [s["bytes"] for s in sizes],
              "kinds": {name: [s["kinds"][name] for s in (sizes[0], sizes[-1])] for name in sizes[0]["kinds"]}}
    print(json.dumps(result))
    if abs(result["differs_by"]) > 0.1 or week.sent != Company.messages:
        sys.exit(1)


if __name__ == "__main__":
    main()
