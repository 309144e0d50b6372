"""A company whose names are hostile or awkward, for tests of what is shown: static lists, and 403 for its tags,
or as many tags as its argument says.

Prints its address; ends with its standard input.
"""
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

INBOXES = [
    ("inb_1", "Support"), ("inb_2", "support!"), ("inb_3", "\x1b[2J\x1b]0;owned\x07Gr\u00fc\u00dfe"),
    ("inb_4", "\u6771\u4eac"), ("inb_5", "\U0001f389"), ("inb_6", "a\nb\u009bc\u202ed"), ("inb_7", "VIP  Customers"),
    ("not an id", "Skipped"), ("inb_8\"] = os.exit() --", "Skipped too"), ("inb_7", "Twice"),
]

PAGE = 100  # tags


def page(host, path, results, following=None):
    link = f"http://{host}{following}" if following else None
    return {"_links": {"self": f"http://{host}{path}"}, "_pagination": {"next": link}, "_results": results}


def inbox(row):
    return {"id": row[0], "name": row[1], "is_private": False, "is_public": True}


class Company(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        host = self.headers["Host"]
        answers = {
            "/me": {"id": "cmp_awk", "name": "Awk\x1b[31mward"},
            "/inboxes": page(host, self.path, [inbox(row) for row in INBOXES]),
            "/channels": page(host, self.path, [{"id": "cha_1", "name": None, "address": "help@acme.example"}],
                              "/channels?page_token=2"),
            "/channels?page_token=2": page(host, self.path, [{"id": "cha_2", "name": "Phone", "address": "1"}]),
            "/teammates": page(host, self.path, [{"id": "tea_1", "username": "leela", "email": "Leela@acme.example"}]),
            "/teams": page(host, self.path, [{"id": "tim_1", "name": "A"}, {"id": "tim_2", "name": "B"}]),
            "/teams/tim_1/signatures": page(host, self.path, [{"id": "sig_1", "name": "Office"}]),
            "/teams/tim_2/signatures": page(host, self.path, [{"id": "sig_2", "name": "Shop"}, {"id": "sig_1", "name": "Office"}]),
        }
        if len(sys.argv) > 1:
            tags = [{"id": f"tag_{i}", "name": f"Tag {i}"} for i in range(int(sys.argv[1]))]
            for start in range(0, len(tags), PAGE):
                following = f"/tags?page_token={start + PAGE}" if start + PAGE < len(tags) else None
                path = f"/tags?page_token={start}" if start else "/tags"
                answers[path] = page(host, self.path, tags[start:start + PAGE], following)
        status, answer = 200, answers.get(self.path)
        if answer is None:
            status = 403 if self.path == "/tags" else 404
            answer = {"_error": {"status": status, "title": "No", "message": "lacks\x1b[1m scope"}}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Company)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
