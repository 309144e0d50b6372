"""A webhook receiver that checks signatures by itself, with hmac from the standard library.

Usage: receiver.py FILE KEY; prints its port first. Each request becomes a line of JSON in FILE:
{method, path, headers, body, signed}, where signed says what X-Front-Signature covers under KEY:
application, body, rule, undefined (timestamp:undefined) or "" (nothing known).

The path decides the answer, which is 200 else: /status/N answers N, /fail/N/... answers 503 to
the first N requests with that path, /drop/N/... closes the connection on the first N,
/hang/... never answers, /mute/... does not echo the challenge, /plain/... echoes it as text,
/channel/... answers as a channel's server, /refuse/... as one that says no."""
import base64
import hashlib
import hmac
import http.server
import json
import sys
import threading

FILE, KEY = sys.argv[1], sys.argv[2].encode()
lock, counts = threading.Lock(), {}


def mac(digest, data):
    return base64.b64encode(hmac.new(KEY, data, digest).digest()).decode()


def signed(headers, body):
    given, at = headers.get("x-front-signature"), headers.get("x-front-request-timestamp")
    if at is not None:
        forms = {"application": at.encode() + b":" + body, "undefined": at.encode() + b":undefined"}
        for name, data in forms.items():
            if mac(hashlib.sha256, data) == given:
                return name
        return ""
    if mac(hashlib.sha256, body) == given:
        return "body"
    return "rule" if mac(hashlib.sha1, body) == given else ""


class Receiver(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def channel(self, event):
        if event.get("type") == "authorization":
            return {"type": "success", "webhook_url": self.base() + "/channel/messages"}
        return {
            "type": "success",
            "external_id": "ext-" + event["payload"].get("id", "none"),
            "external_conversation_id": "ext-conversation",
        }

    def base(self):
        return "http://127.0.0.1:%d" % self.server.server_port

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with lock:
            counts[self.path] = counts.get(self.path, 0) + 1
            count = counts[self.path]
            with open(FILE, "a") as log:
                entry = {"method": self.command, "path": self.path, "headers": headers}
                entry["body"], entry["signed"] = body.decode(), signed(headers, body)
                log.write(json.dumps(entry) + "\n")
        parts = self.path.split("/") + ["", ""]
        how = parts[1]
        if how == "hang":
            hung.wait()
        elif how == "drop" and count <= int(parts[2]):
            self.close_connection = True
        elif how == "status" or how == "fail" and count <= int(parts[2]):
            self.answer(int(parts[2]) if how == "status" else 503, {})
        elif how == "plain":
            self.answer(200, headers.get("x-front-challenge", "").encode(), "text/plain")
        elif how == "channel":
            self.answer(200, self.channel(json.loads(body)))
        elif how == "refuse":
            self.answer(200, {"type": "bad_request", "message": "no such number"})
        elif how != "mute" and "x-front-challenge" in headers:
            self.answer(200, {"challenge": headers["x-front-challenge"]})
        else:
            self.answer(200, {})

    do_DELETE = do_POST

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


hung = threading.Event()
server = Server(("127.0.0.1", 0), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
