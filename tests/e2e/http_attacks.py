"""What a client without a key can do to `foyer serve` by being slow, silent, deaf or many.

    http_attacks.py FOYER DIRECTORY ATTACK

Exit code 1, and a sentence, when webhooks suffer from it.
"""
import os
import re
import resource
import select
import socket
import ssl
import subprocess
import sys
import time

import http_bed as bed

PLACES = 1024  # connections that foyer serve holds at once
GET = b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"


def must(ok, what, *values):
    if not ok:
        raise SystemExit(what % values)


def send_webhook(server):
    """The status of a signed webhook on a connection of its own; 0 without an answer."""
    webhook = bed.Webhook()
    heard = b""
    try:
        with server.dial() as s:
            s.sendall(webhook.request(b"Connection: close\r\n"))
            while more := s.recv(65536):
                heard += more
    except (OSError, TimeoutError):
        pass
    return int(heard[9:12]) if heard.startswith(b"HTTP/1.1 ") else 0


def must_take_webhooks(server, when):
    got = [send_webhook(server) for _ in range(5)]
    must(got == [200] * 5, "webhooks %s are answered with %s", when, got)


def hear_all(s):
    heard = b""
    try:
        while more := s.recv(65536):
            heard += more
    except (ConnectionResetError, ssl.SSLError):
        pass
    return heard


# ---- many connections ----


def hoard(server, count, say):
    """COUNT connections that SAY this and nothing more."""
    held = []
    for _ in range(count):
        s = server.dial_plain()
        held.append(s)
        try:
            s.sendall(say)
        except OSError: # closed already: the server is full
            pass
    return held


def idle(server):
    """Connections that have asked once, and wait."""
    held = []
    for _ in range(PLACES + 100):
        try:
            s = server.dial()
            held.append(s)
            s.sendall(GET)
            s.recv(65536)
        except OSError: # closed already: the server is full
            pass
    must_take_webhooks(server, "while %d connections are idle" % len(held))


def silent(server):
    """Connections that have said nothing."""
    held = hoard(server, PLACES + 100, b"")
    must_take_webhooks(server, "while %d connections are silent" % len(held))


def half_said(server):
    """Connections in the middle of a head."""
    held = hoard(server, PLACES + 100, GET[:-2])
    must_take_webhooks(server, "while %d connections are in a head" % len(held))


def half_sent(server):
    """Connections in the middle of a body."""
    held = hoard(server, PLACES + 100, b"POST /hooks/front HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{")
    must_take_webhooks(server, "while %d connections are in a body" % len(held))


# ---- slow clients ----

BEGIN = b"POST /hooks/front HTTP/1.1\r\nHost: h\r\n"
CHUNKED = BEGIN + b"Transfer-Encoding: chunked\r\n\r\n"
SLOW = {  # what is said at once, and what is repeated, a byte at a time
    "nothing": (b"", b""),
    "a method": (b"", b"A"),
    "a target": (b"GET /", b"a"),
    "a header": (BEGIN + b"X-A: ", b"v"),
    "headers": (BEGIN, b"X-A: v\r\n"),
    "empty lines": (b"", b"\r\n"),
    "a body": (BEGIN + b"Content-Length: 1000\r\n\r\n", b"x"),
    "a body that was asked for": (BEGIN + b"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n", b"x"),
    "chunk sizes": (CHUNKED, b"0"),
    "an extension": (CHUNKED + b"5;", b"a"),
    "chunks": (CHUNKED, b"1\r\nx\r\n"),
    "trailers": (CHUNKED + b"0\r\n", b"X-A: v\r\n"),
    "a second request": (GET, GET[:-2]),
    "what is too large": (BEGIN + b"Content-Length: 99999999\r\n\r\n", b"x"),
    "what is malformed": (b"\x00\r\n", b"x"),
}


def slow(server):
    """A byte now and then: each of them is ended although it goes on, and holds nothing up."""
    clients = {}
    for name, (first, repeated) in SLOW.items():
        s = server.dial()
        s.sendall(first)
        s.setblocking(False)
        clients[s] = (name, repeated, 0)
    if server.tls:  # and one that is slow in its handshake
        s = server.dial_plain()
        s.setblocking(False)
        clients[s] = ("a handshake", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(1000), 0)
    must_take_webhooks(server, "while others are slow")
    give_up = time.monotonic() + 120
    while clients and time.monotonic() < give_up:
        for s, (name, repeated, n) in list(clients.items()):
            try:
                if repeated:
                    s.send(repeated[n % len(repeated):][:1])
                clients[s] = (name, repeated, n + 1)
                while s.recv(65536):
                    pass
                del clients[s]
            except (BlockingIOError, ssl.SSLWantReadError):
                pass
            except OSError:
                del clients[s]
        time.sleep(0.1)
    must(not clients, "never ended: %s", [name for name, _, _ in clients.values()])
    must_take_webhooks(server, "after slow clients")


# ---- deaf clients ----


def peak_memory(server):
    with open("/proc/%d/status" % server.process.pid) as f:
        return int(re.search(r"VmHWM:\s+(\d+) kB", f.read()).group(1)) << 10


def press(s, pending, stall_s):
    """Sends what it can of PENDING until nothing was taken for STALL_S; what is left."""
    while pending:
        try:
            pending = pending[s.send(pending):]
        except (BlockingIOError, ssl.SSLWantWriteError):
            if not select.select([], [s], [], stall_s)[1]:
                break
    return pending


def count_answers(s, pending, wanted):
    """Reads, and sends the rest of PENDING meanwhile, until WANTED answers came or the connection ends."""
    heard, tail = 0, b""
    while heard < wanted:
        if not select.select([s], [s] if pending else [], [], 60)[0] and not pending:
            break
        pending = press(s, pending, 0)
        try:
            while more := s.recv(1 << 18):
                tail += more
                heard += tail.count(b"HTTP/1.1 200 OK\r\n")
                tail = tail[-16:]
            return heard
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
    return heard


def deaf(server):
    """Many requests at once, and no answer is read for long: the server keeps its memory, and answers each at last."""
    requests = 60000  # whose answers are several times what the kernel holds for a connection
    must_take_webhooks(server, "before it")
    before = peak_memory(server)
    s = server.dial()
    s.setblocking(False)
    pending = press(s, memoryview(GET * requests), 1)
    must_take_webhooks(server, "beside a deaf client")
    grown = peak_memory(server) - before
    must(grown < 4 << 20, "a deaf client took %d bytes", grown)
    heard = count_answers(s, pending, requests)
    must(heard == requests, "of %d requests %d were answered", requests, heard)


def deaf_crowd(server):
    """50 of them at once."""
    crowd = [server.dial() for _ in range(50)]
    before = peak_memory(server)
    for s in crowd: # in so small a window few answers find room
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.setblocking(False)
        press(s, memoryview(GET * 5000), 0)
    must_take_webhooks(server, "beside deaf clients")
    grown = peak_memory(server) - before
    must(grown < len(crowd) * (256 << 10), "%d deaf clients took %d bytes", len(crowd), grown)
    for s in crowd:
        s.close()


# ---- TLS ----


def handshakes(server):
    """What is no handshake ends; what is half of one keeps no place from others."""
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    for name, data in (("garbage", bytes(range(256)) * 10), ("a request", GET), ("zeros", bytes(1000)),
                       ("an alert", b"\x15\x03\x03\x00\x02\x02\x28"), ("a large record", b"\x16\x03\x01\xff\xff" + bytes(70000)),
                       ("SSL 2", b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x01\x00\x80" + bytes(34))):
        with server.dial_plain() as s:
            try:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
            except OSError: # ended already
                pass
            must(b"HTTP/1.1" not in hear_all(s), "%s instead of a handshake is answered in clear", name)
    held = hoard(server, PLACES + 100, hello)
    must_take_webhooks(server, "while %d connections are in a handshake" % len(held))


def half_closed(server):
    """A client that says by TLS that it sends no more gets its answers."""
    webhook = bed.Webhook()
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = server.tls.wrap_bio(inward, outward)
    heard = b""
    with server.dial_plain() as s:
        def step(action):
            while True:
                try:
                    return action()
                except ssl.SSLWantReadError:
                    s.sendall(outward.read())
                    more = s.recv(65536)
                    inward.write(more) if more else inward.write_eof()
        step(tls.do_handshake)
        tls.write(webhook.request() + GET)
        try:
            tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        s.sendall(outward.read())
        while more := s.recv(65536):
            inward.write(more)
        inward.write_eof()
        try:
            while more := tls.read(65536):
                heard += more
        except ssl.SSLError:
            pass
    must(heard.count(b"HTTP/1.1 200 OK\r\n") == 2, "a client that closed its half heard %r", heard)


def renegotiation(server):
    """A client that asks for a new handshake in the middle gets none, and holds nothing up."""
    client = subprocess.run(
        ["openssl", "s_client", "-tls1_2", "-connect", "127.0.0.1:%d" % server.port, "-CAfile",
         os.path.join(server.dir, "cert.pem")], input=b"R\n" * 3, capture_output=True, timeout=60)
    said = client.stdout + client.stderr
    must(b"RENEGOTIATING" in said, "openssl did not ask: %s", said)
    must(b"no renegotiation" in said, "the server did not refuse: %s", said)
    must_take_webhooks(server, "after it")


PLAIN = [idle, silent, half_said, half_sent, slow, deaf, deaf_crowd]
TLS = [idle, silent, slow, deaf, handshakes, half_closed, renegotiation]


def main():
    foyer, directory, name = sys.argv[1:]
    name, _, is_tls = name.partition("-over-")
    attack = {f.__name__: f for f in (TLS if is_tls else PLAIN)}[name.replace("-", "_")]
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4096), most))
    # what AddressSanitizer keeps of freed memory is not the server's
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
    server = bed.Server(foyer, directory, bool(is_tls))
    try:
        attack(server)
        must_take_webhooks(server, "in the end")
    finally:
        code = server.end()
    must(code == 0, "foyer serve ended with %d: %s", code, open(server.log).read())


if __name__ == "__main__":
    main()
