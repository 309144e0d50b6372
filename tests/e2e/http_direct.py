"""Sends each row of http_requests.py to `foyer serve`: in one write, byte by byte, and split at places of chance.

A signed webhook is behind each row on the same connection. What the row says must come true in each way to send it:
the answers, whether the connection goes on, and what is in the store at the end.

    http_direct.py FOYER DIRECTORY [--seed N] [--sample N] [--only WORD] [--tls] [--verbose]

Prints what is wrong and a last line that counts; exit code 1 when something is wrong.
"""
import argparse
import concurrent.futures
import random
import re
import socket
import ssl
import sys

import http_bed as bed
import http_requests as table

BYTEWISE_MAX = 1500  # longer rows are split only


class Sent:
    """One row, sent one way."""

    def __init__(self, row, way, rng):
        self.row, self.way, self.rng = row, way, rng
        self.own, self.behind = bed.Webhook(row.size, row.tail), bed.Webhook()
        pieces = row.raw if isinstance(row.raw, list) else [row.raw]
        self.pieces = [self.own.fill(raw) for raw in pieces]
        self.has_head = b"HEAD " in self.pieces[0]
        if not row.cut:
            self.pieces[-1] += self.behind.request(b"Connection: close\r\n")
        self.faults = []

    def send(self, s, data):
        if self.way == "whole":
            s.sendall(data)
        elif self.way == "bytes":
            for i in range(len(data)):
                s.sendall(data[i:i + 1])
        else:
            cuts = sorted(self.rng.randrange(len(data) + 1) for _ in range(self.rng.randint(1, 6)))
            for a, b in zip([0] + cuts, cuts + [len(data)]):
                s.sendall(data[a:b])

    def exchange(self, server):
        """Everything that the server says until it closes."""
        heard = b""
        with server.dial() as s:
            try:
                for i, data in enumerate(self.pieces):
                    while i and not heard.endswith(bed.CONTINUE):
                        more = s.recv(65536)
                        if not more:
                            return heard
                        heard += more
                    self.send(s, data)
                if self.row.cut: # below TLS: its own end would wait for the server's
                    socket.socket.shutdown(s, socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                pass  # the server has ended the connection: what it said first is read
            try:
                while more := s.recv(65536):
                    heard += more
            except BrokenPipeError: # TLS answers the server's end. Our side is shut, or the server has waited for us
                self.late = not self.row.cut
            except (ConnectionResetError, ssl.SSLError):
                self.faults.append("reset, behind %d bytes of answers" % len(heard))
            except TimeoutError:
                self.faults.append("no answer and no end within 30 s")
        return heard

    def run(self, server):
        """Again, where this process was slower than the server waits behind its last answer."""
        for _ in range(10):
            self.late = False
            heard = self.exchange(server)
            if not self.late:
                break
        else:
            self.faults.append("reset behind its end, ten times")
        try:
            self.answers = bed.read_answers(heard, self.has_head)
        except (ValueError, KeyError, AttributeError) as e:
            self.faults.append("unreadable: %s" % e)
            self.answers = []
        return self

    def check(self, stored):
        row, statuses = self.row, [status for status, _ in self.answers]
        n = len(row.answers)
        if row.cut and len(statuses) == n + 1 and statuses[n] in (400, 408):
            statuses.pop()
        went_on = len(statuses) == n + 1
        rights = [*row.answers, (200,)] if went_on else row.answers
        if len(statuses) != len(rights) or not all(s in right for s, right in zip(statuses, rights)):
            self.faults.append("answers %s, not %s" % (statuses, row.answers))
        elif row.after != table.EITHER and went_on != (row.after == table.GOES_ON):
            self.faults.append("the connection %s" % ("goes on" if went_on else "ends"))
        for i, (_, headers) in enumerate(self.answers):
            said_close = headers.get(b"connection", b"").lower() == b"close"
            if said_close != (i == len(self.answers) - 1) and not row.cut:
                self.faults.append("answer %d of %d: Connection is %r" %
                                   (i + 1, len(self.answers), headers.get(b"connection")))
        is_signed = self.own.signature in b"".join(self.pieces)
        wants_own = row.stored if row.stored is not None else is_signed and statuses[n - 1:n] == [200]
        for name, webhook, wanted in (("its", self.own, wants_own), ("the next", self.behind, went_on)):
            times = stored.count(webhook.event)
            if times != int(wanted):
                self.faults.append("%s webhook is stored %d times" % (name, times))
        return self.faults


def plan(rows, seed):
    rng = random.Random(seed)
    for row in rows:
        yield Sent(row, "whole", rng)
        if not isinstance(row.raw, list):
            yield Sent(row, "split", random.Random(rng.random()))
        sent = Sent(row, "bytes", rng)
        if sum(map(len, sent.pieces)) <= BYTEWISE_MAX:
            yield sent


def choose_rows(only, sample, seed):
    rows = [row for row in table.ROWS if not only or re.search(only, row.name)]
    return random.Random(seed).sample(rows, sample) if sample else rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("foyer")
    parser.add_argument("directory")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--only")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    rows = choose_rows(options.only, options.sample, options.seed)
    server = bed.Server(options.foyer, options.directory, options.tls)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        sent = list(pool.map(lambda s: s.run(server), plan(rows, options.seed)))
    code = server.end()
    stored = server.stored()
    wrong = set()
    for s in sent:
        for fault in s.check(stored):
            wrong.add(s.row.name)
            print("%s (%s), %s: %s" % (s.row.name, s.row.section, s.way, fault))
            if options.verbose:
                print("   ", b"".join(s.pieces)[:400])
    if code != 0:
        print("foyer serve ended with %d" % code)
    print("%d rows, sent %d times: %d wrong" % (len(rows), len(sent), len(wrong)))
    return 1 if wrong or code != 0 or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
