"""A server that is no Front: keeps each request as a line of JSON in FILE, answers "ok".

Usage: recorder.py FILE; prints its port first. A path that begins with /status/N answers N, one
that begins with /echo/ the path and headers that came, compressed."""
import gzip
import http.server
import json
import sys


class Recorder(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        with open(sys.argv[1], "a") as log:
            headers = {name.lower(): value for name, value in self.headers.items()}
            entry = {"method": self.command, "path": self.path, "headers": headers, "body": body}
            log.write(json.dumps(entry) + "\n")
        parts = self.path.split("/")
        self.send_response(int(parts[2]) if parts[1] == "status" else 200)
        answer = b"ok"
        if parts[1] == "echo":
            answer = gzip.compress(json.dumps({"path": self.path, "headers": headers}).encode())
            self.send_header("content-encoding", "gzip")
        self.send_header("content-type", "application/json" if parts[1] == "echo" else "text/plain")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
print(server.server_port, flush=True)
server.serve_forever()
