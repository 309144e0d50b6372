"""A company that has files. Usage: depot.py; prints its port first.

  GET /me               who it is
  GET /files/NAME       bytes that are no text, NAME.bin by content-disposition
  GET /named            the same, whose name leads into another directory
  GET /notes            text/plain
  POST /files           multipart/form-data: {"size": bytes, "has": the bytes are those of /files}
  GET /count            {"gets": how often /files was asked for}"""
import http.server
import json

BYTES = bytes(range(256)) * 8
gets = 0


class Depot(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body, kind="application/json", name=None):
        body = json.dumps(body).encode() if isinstance(body, dict) else body
        self.send_response(200)
        self.send_header("content-type", kind)
        if name:
            self.send_header("content-disposition", 'attachment; filename="%s"' % name)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        global gets
        if self.path.startswith("/files/"):
            gets += 1
            return self.answer(BYTES, "application/octet-stream", self.path[7:] + ".bin")
        if self.path == "/named":
            return self.answer(BYTES, "image/png", "../../etc/pass\\wd.png")
        if self.path == "/notes":
            return self.answer("grüße".encode(), "text/plain")
        if self.path == "/count":
            return self.answer({"gets": gets})
        me = "http://%s/me" % self.headers["host"]
        return self.answer({"id": "cmp_depot", "name": "Depot", "_links": {"self": me}})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.answer({"size": len(body), "has": BYTES in body, "named": b'filename="a.bin"' in body})

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Depot)
print(server.server_port, flush=True)
server.serve_forever()
