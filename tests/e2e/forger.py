"""A company all of whose texts try to begin a line of what is shown: names, subjects, errors.

Usage: forger.py TEXT, which every text is; prints its address first, ends with its standard
input. A POST is refused with 422, a path that it does not know with 404."""
import http.server
import json
import sys
import threading

TEXT = sys.argv[1]
ROWS = {"id": "inb_1", "name": TEXT, "username": TEXT, "email": TEXT, "address": TEXT, "subject": TEXT,
        "is_private": False, "is_public": True}
CONVERSATION = {"id": "cnv_1", "subject": TEXT, "status": "unassigned", "created_at": 1.5,
                "recipient": {"handle": TEXT, "name": TEXT}}


class Company(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/me":
            self.answer(200, {"id": "cmp_1", "name": TEXT})
        elif path == "/conversations/cnv_1":
            self.answer(200, CONVERSATION)
        elif path == "/conversations":
            self.answer(200, {"_pagination": {"next": None}, "_results": [CONVERSATION]})
        elif path in ("/inboxes", "/channels", "/teammates", "/tags", "/contacts"):
            self.answer(200, {"_pagination": {"next": None}, "_results": [ROWS]})
        else:
            self.refuse(404)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.refuse(422)

    def refuse(self, status):
        self.answer(status, {"_error": {"status": status, "title": TEXT, "message": TEXT, "details": [TEXT]}})

    def answer(self, status, tree):
        body = json.dumps(tree).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Company)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
