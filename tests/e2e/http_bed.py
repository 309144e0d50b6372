"""For tests of the HTTP server: a `foyer serve` without workers, webhooks that it stores, and what its store holds."""
import base64
import hashlib
import hmac
import itertools
import os
import re
import socket
import sqlite3
import ssl
import subprocess
import time

KEY = b"key-of-the-app"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Webhook:
    """A signed webhook that no other one equals; SIZE bytes when that is given, TAIL behind its JSON."""
    numbers = itertools.count(1)

    def __init__(self, size=0, tail=b""):
        self.event = "evt_%d" % next(self.numbers)
        body = b'{"type":"inbound","authorization":{"id":"cmp_none"},"payload":{"id":"%s"}}' % self.event.encode()
        self.body = (body + tail).ljust(size)
        self.stamp = b"%d" % (time.time() * 1000)
        self.signature = base64.b64encode(hmac.digest(KEY, self.stamp + b":" + self.body, hashlib.sha256))

    def fill(self, raw, body=None):
        """RAW, of a row, with this webhook in it; with another BODY its signature is wrong."""
        body = self.body if body is None else body
        if callable(raw):
            raw = raw(body)
        for name, value in ((b"{LEN}", b"%d" % len(body)), (b"{HEX}", b"%x" % len(body)), (b"{STAMP}", self.stamp),
                            (b"{SIG}", self.signature), (b"{BODY}", body)):
            raw = raw.replace(name, value)
        return raw

    def request(self, extra=b""):
        return self.fill(b"POST /hooks/front HTTP/1.1\r\nHost: h\r\nX-Front-Request-Timestamp: {STAMP}\r\n"
                         b"X-Front-Signature: {SIG}\r\nContent-Length: {LEN}\r\n" + extra + b"\r\n{BODY}")


class Server:
    """`foyer serve` in DIRECTORY; with TLS it speaks that, by a certificate that is made for it."""

    def __init__(self, foyer, directory, is_tls=False):
        self.dir = os.path.join(directory, "agency")
        self.log = os.path.join(directory, "serve.log")
        self.tls = None
        env = dict(os.environ, HOME=directory, XDG_CONFIG_HOME=os.path.join(directory, "config"))
        for name in ("FOYER_KEY_FILE", "FOYER_LUA_DIR", "FOYER_LOG", "FOYER_LOG_FORMAT", "FOYER_TEST_CLOCK"):
            env.pop(name, None)
        subprocess.run([foyer, "init", self.dir], env=env, check=True, capture_output=True)
        tls = self.make_certificate() if is_tls else ""
        with open(os.path.join(self.dir, "foyer.lua"), "w") as f:
            f.write('return { apps = { front = { client_id = "a", client_secret = "b", signing_key = "%s" } }, %s }\n'
                    % (KEY.decode(), tls))
        self.process = subprocess.Popen([foyer, "-w", self.dir, "serve", "--workers", "0", "--listen", "127.0.0.1:0"],
                                        env=env, stdout=subprocess.PIPE, stderr=open(self.log, "wb"), text=True)
        self.port = int(self.process.stdout.readline().rpartition(":")[2])

    def make_certificate(self):
        """The settings for it."""
        cert, key = os.path.join(self.dir, "cert.pem"), os.path.join(self.dir, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=hooks.example", "-keyout", key, "-out", cert],
                       check=True, capture_output=True)
        self.tls = ssl.create_default_context(cafile=cert)
        self.tls.check_hostname = False
        return 'tls_certificate = "cert.pem", tls_key = "key.pem"'

    def dial_plain(self):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def dial(self):
        s = self.dial_plain()
        return self.tls.wrap_socket(s) if self.tls else s

    def stored(self):
        """The events in the store, a list."""
        with sqlite3.connect("file:%s/state/foyer.db?mode=ro" % self.dir, uri=True) as db:
            return [row[0] for row in db.execute("SELECT event FROM delivery")]

    def end(self):
        """Its exit code: sanitizers speak by it."""
        self.process.terminate()
        return self.process.wait(60)


def read_answer(data, has_head):
    """The answer at the beginning of DATA, and what is behind it: (status, headers, rest); None: it is not whole."""
    top, found, rest = data.partition(b"\r\n\r\n")
    if not found:
        return None
    line, *fields = top.split(b"\r\n")
    if not re.fullmatch(rb"HTTP/1\.1 [1-5][0-9][0-9] [ -~]*", line):
        raise ValueError("no answer: %r" % data[:80])
    status, headers = int(line[9:12]), {}
    for field in fields:
        name, value = re.fullmatch(rb"([A-Za-z-]+): *(.*)", field).groups()
        if name.lower() in headers:
            raise ValueError("%r twice in an answer" % name)
        headers[name.lower()] = value
    if status < 200:
        return status, headers, rest
    if b"date" not in headers:
        raise ValueError("an answer without Date")
    length = 0 if status == 204 else int(headers[b"content-length"])
    if has_head and (not rest or rest.startswith(b"HTTP/1.1 ")): # the answer to a HEAD
        length = 0
    return None if len(rest) < length else (status, headers, rest[length:])


def read_answers(data, has_head=False):
    """[(status, headers), ...] of a connection's whole stream; interim answers are left out."""
    answers = []
    while data:
        answer = read_answer(data, has_head)
        if not answer:
            raise ValueError("an answer is cut: %r" % data[:80])
        status, headers, data = answer
        if status >= 200:
            answers.append((status, headers))
    return answers
