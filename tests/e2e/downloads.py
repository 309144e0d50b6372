"""A company whose files a download can go wrong with. Usage: downloads.py; prints its port first.

  GET /me               who it is
  GET /files/SIZE       so many bytes, in pieces
  GET /json             a file that is JSON
  GET /short            half of what content-length says
  GET /chunked          chunked, and ends early
  GET /stop             half of it, then nothing, with the connection open
  GET /gone             404"""
import http.server
import json
import time


class Company(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def begin(self, kind, *headers):
        self.send_response(200)
        self.send_header("content-type", kind)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def all_of(self, body, kind):
        self.begin(kind, ("content-length", str(len(body))))
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        half = ("content-length", "2000")
        if path.startswith("/files/"):
            left = int(path[7:])
            self.begin("application/octet-stream", ("content-length", str(left)))
            while left > 0:
                piece = bytes(range(256)) * 1024
                self.wfile.write(piece[:left])
                left -= len(piece)
        elif path == "/json":
            self.all_of(b'{"a":1}', "application/json")
        elif path in ("/short", "/stop"):
            self.begin("image/png", half)
            self.wfile.write(b"\x89PNG" * 250)
            self.wfile.flush()
            if path == "/stop":
                time.sleep(30)
            self.close_connection = True
        elif path == "/chunked":
            self.begin("image/png", ("transfer-encoding", "chunked"))
            self.wfile.write(b"4\r\n\x89PNG\r\n8\r\nabc")
            self.close_connection = True
        elif path == "/gone":
            self.send_error(404)
        else:
            me = "http://%s/me" % self.headers["host"]
            body = {"id": "cmp_files", "name": "Files", "_links": {"self": me}}
            self.all_of(json.dumps(body).encode(), "application/json")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Company)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
