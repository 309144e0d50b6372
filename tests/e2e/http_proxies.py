"""Sends each row of http_requests.py through a proxy that keeps its connections to `foyer serve`.

Each row goes through the proxy twice, with its webhook and with half a request in the webhook's place. Behind it come
signed webhooks of other clients of the proxy, on the connection to foyer that the row has used. Each of these must be
answered with 200 and be in the store: a request that the proxy and foyer read differently would take one along.

    http_proxies.py FOYER DIRECTORY PROXY... [--seed N] [--sample N] [--only WORD]

With --sample only so many rows are sent, and all with half a request in them. PROXY is nginx, nginx-streaming, haproxy, haproxy-lenient or caddy. Prints what is wrong and a line for each proxy; exit
code 1 when a webhook is lost.
"""
import argparse
import collections
import os
import random
import re
import socket
import subprocess
import sys
import time

import http_bed as bed
import http_requests as table

BEHIND = 2  # webhooks behind each row
QUIET_S = 0.15  # after so long a malformed row is taken to get no answer

NGINX = """
daemon off; master_process off; pid %(dir)s/nginx.pid; error_log stderr crit;
events { worker_connections 256; }
http {
  access_log off; client_max_body_size 8m; client_header_timeout 20s; client_body_timeout 20s;
  client_body_temp_path %(dir)s/body; proxy_temp_path %(dir)s/proxy; fastcgi_temp_path %(dir)s/fastcgi;
  uwsgi_temp_path %(dir)s/uwsgi; scgi_temp_path %(dir)s/scgi;
  ignore_invalid_headers off; underscores_in_headers on; large_client_header_buffers 8 128k;
  upstream foyer { server 127.0.0.1:%(port)d; keepalive 1; }
  server {
    listen unix:%(socket)s;
    location / {
      proxy_pass http://foyer; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $http_host; proxy_pass_request_headers on; %(buffering)s
    }
  }
}
"""

HAPROXY = """
global
  nbthread 1
  tune.bufsize 262144
  tune.maxrewrite 1024
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  timeout http-keep-alive 20s
  %(lenient)s
frontend front
  bind unix@%(socket)s
  default_backend foyer
backend foyer
  http-reuse always
  server one 127.0.0.1:%(port)d maxconn 1 pool-max-conn 1 pool-purge-delay 60s
"""

CADDY = """
{
  admin off
  auto_https off
}
http:// {
  bind unix/%(socket)s
  reverse_proxy 127.0.0.1:%(port)d {
    transport http {
      keepalive 60s
      keepalive_idle_conns_per_host 1
      max_conns_per_host 1
    }
  }
}
"""


# Well-formed webhooks that a proxy itself refuses: the client is told so, and nothing is lost. May become fewer.
KNOWN = {
    "nginx": {
        "blanks and tabs around values",  # it takes blanks around a value, no tabs
        "blanks around chunked",  # the same
    },
    "haproxy": {
        "an absolute target beside another Host",  # it refuses what RFC 9112 (3.2.2) lets an origin ignore
    },
    "caddy": {
        "a Connection option that names the signature",  # it takes the header away, as the client says: 401
        "1 empty line before the request",  # Go skips none
        "2 empty lines before the request",
        "8 empty lines before the request",
        "extension ' ; a=b'",  # Go takes no blank before an extension
        "extension '\\t;\\ta=b'",
        "extension ' ; a = b'",
    },
}


class Proxy:
    """One of them, in the foreground, on a socket file: no port, no other user, nothing outside of DIRECTORY."""

    def __init__(self, name, directory, port):
        self.name, self.dir, self.socket = name, os.path.join(directory, name), None
        os.mkdir(self.dir)
        self.socket = os.path.join(self.dir, "socket")
        program, _, kind = name.partition("-")
        config = os.path.join(self.dir, "config")
        values = {"dir": self.dir, "socket": self.socket, "port": port,
                  "buffering": "proxy_request_buffering off;" if kind == "streaming" else "",
                  "lenient": "option accept-invalid-http-request" if kind == "lenient" else ""}
        with open(config, "w") as f:
            f.write({"nginx": NGINX, "haproxy": HAPROXY, "caddy": CADDY}[program] % values)
        command = {"nginx": ["nginx", "-e", "stderr", "-c", config], "haproxy": ["haproxy", "-db", "-f", config],
                   "caddy": ["caddy", "run", "--adapter", "caddyfile", "--config", config]}[program]
        env = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin", HOME=self.dir, XDG_DATA_HOME=self.dir,
                   XDG_CONFIG_HOME=self.dir)
        self.log = os.path.join(self.dir, "log")
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=open(self.log, "wb"),
                                        stderr=subprocess.STDOUT)
        self.wait_until_it_listens()

    def wait_until_it_listens(self):
        for _ in range(600):
            try:
                self.dial().close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        self.end()
        raise SystemExit("%s does not start: %s" % (self.name, open(self.log).read()))

    def dial(self, timeout=30):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(timeout)
        s.connect(self.socket)
        return s

    def end(self):
        self.process.kill()
        self.process.wait()


def first_status(heard):
    """Of what a proxy answered; 0: nothing."""
    found = re.match(rb"(?:HTTP/1.[01] 1\d\d .*?\r\n\r\n)*HTTP/1.[01] ([2-5]\d\d) ", heard, re.DOTALL)
    return int(found.group(1)) if found else 0


def send_row(proxy, data, wait_s):
    """The status of the row's first answer; 0 when the proxy closes or is quiet: it may wait for more."""
    heard = b""
    with proxy.dial(wait_s) as s:
        try:
            s.sendall(data)
            while not is_complete(heard) and (more := s.recv(65536)):
                heard += more
        except (TimeoutError, BrokenPipeError, ConnectionResetError):
            pass
    return first_status(heard)


def is_complete(heard):
    try:
        return len(bed.read_answers(heard.replace(b"HTTP/1.0 ", b"HTTP/1.1 ", 1))) > 0
    except (ValueError, KeyError, AttributeError):
        return False


def send_webhook(proxy, webhook):
    """The status of a webhook of another client; 0 when there is none."""
    with proxy.dial() as s:
        s.sendall(webhook.request(b"Connection: close\r\n"))
        heard = b""
        try:
            while more := s.recv(65536):
                heard += more
        except (TimeoutError, ConnectionResetError):
            pass
    return first_status(heard)


def upstream_ports(port):
    """The far ends of the connections to PORT that are open, by the kernel's table."""
    with open("/proc/net/tcp") as f:
        rows = [line.split() for line in f.readlines()[1:]]
    return {row[2] for row in rows if row[3] == "01" and row[1].endswith(":%04X" % port)}


class Trial:
    """All rows through one proxy."""

    def __init__(self, proxy, port):
        self.proxy, self.port = proxy, port
        self.sent, self.valid, self.faults = [], [], []
        self.statuses = collections.Counter()

    def follow(self, name, times=BEHIND):
        for _ in range(times):
            webhook = bed.Webhook()
            status = send_webhook(self.proxy, webhook)
            self.sent.append((name, webhook, status))

    def warm_up(self):
        """Without this the trial would prove nothing: one connection carries all of these."""
        self.follow("the first webhook", 1)
        before = upstream_ports(self.port)
        self.follow("ten webhooks", 10)
        if len(before) != 1 or upstream_ports(self.port) != before:
            self.faults.append("the connections to foyer are not kept: %s" % before)

    def send(self, row):
        own = bed.Webhook(row.size, row.tail)
        raw = row.raw if isinstance(row.raw, list) else [row.raw]
        for body in (None, table.PREFIX):
            is_valid = body is None and row.stored and len(row.answers) == 1
            data = b"".join(own.fill(piece, body) for piece in raw)
            status = send_row(self.proxy, data, 30 if is_valid else QUIET_S)
            self.statuses[status] += 1
            if is_valid:
                self.valid.append((row.name, own, status))
            self.follow(row.name)

    def check(self, stored):
        have = collections.Counter(stored)
        for name, webhook, status in self.sent:
            if status != 200 or have[webhook.event] != 1:
                self.faults.append("%s: the webhook behind it is answered with %d and stored %d times"
                                   % (name, status, have[webhook.event]))
        known = KNOWN[self.proxy.name.partition("-")[0]]
        for name, webhook, status in self.valid:
            if have[webhook.event] != int(status == 200) or status != 200 and name not in known:
                self.faults.append("%s: the well-formed webhook is answered with %d and stored %d times"
                                   % (name, status, have[webhook.event]))
        return self.faults


def run(options, name, rows):
    directory = os.path.join(options.directory, name + "-bed")
    os.mkdir(directory)
    server = bed.Server(options.foyer, directory)
    proxy = Proxy(name, directory, server.port)
    try:
        trial = Trial(proxy, server.port)
        trial.warm_up()
        for row in rows:
            trial.send(row)
    finally:
        proxy.end()
        code = server.end()
    faults = trial.check(server.stored())
    if code != 0:
        faults.append("foyer serve ended with %d" % code)
    for fault in faults:
        print("%s: %s" % (name, fault))
    print("%s: %d rows, %d webhooks behind them: %d wrong; the rows' answers: %s" % (
        name, len(rows), len(trial.sent), len(faults),
        " ".join("%d x %s" % (n, status or "none") for status, n in sorted(trial.statuses.items()))), flush=True)
    return len(faults)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("foyer")
    parser.add_argument("directory")
    parser.add_argument("proxies", nargs="+", metavar="proxy")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--only")
    options = parser.parse_args()
    rows = [row for row in table.ROWS if not options.only or re.search(options.only, row.name)]
    if options.sample: # and always those that bring half a request themselves
        halves = [row for row in rows if isinstance(row.raw, bytes) and table.PREFIX in row.raw]
        rows = halves + random.Random(options.seed).sample([r for r in rows if r not in halves], options.sample)
    wrong = sum(run(options, name, rows) for name in options.proxies)
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
