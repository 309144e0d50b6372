"""An API that is not Front: it asks for a key in the way that the first part of the path names, and
answers with the request that it got. Each request is a line of JSON in FILE.

Usage: shop.py FILE; prints its port first.
  /header/…  KEY as any header             /query/…  as any parameter
  /basic/…   Basic ana:KEY                 /bearer/… Bearer KEY        /open/…  nothing
  /client/…  Bearer TOKEN, from POST …/token (grant_type=client_credentials, client shop:KEY)
  …/me       {"account": {"number": 7, "title": "Shop of Ana"}}
  …/status/N answers N
  POST /control/forget refuses all tokens; POST /control/key a KEY of the body's from then on"""
import base64
import http.server
import json
import sys
import urllib.parse

state = {"key": "k-0123456789-very-secret", "tokens": [], "issued": 0}


class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def basic(self):
        word, _, coded = self.headers.get("authorization", "").partition(" ")
        return base64.b64decode(coded).decode() if word == "Basic" else None

    def token(self, form):
        client = self.basic() or ":".join(form.get(n, [""])[0] for n in ("client_id", "client_secret"))
        if form.get("grant_type") != ["client_credentials"] or client != "shop:" + state["key"]:
            return self.answer(401, {"error": "invalid_client", "error_description": "no such client"})
        state["issued"] += 1
        state["tokens"].append("token-%08d-of-the-shop" % state["issued"])
        return self.answer(200, {"access_token": state["tokens"][-1], "expires_in": 3600, "scope": form.get("scope")})

    def is_allowed(self, way, query):
        key = state["key"]
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
        return {"header": key in self.headers.values(), "query": [key] in query.values(),
                "basic": self.basic() == "ana:" + key, "bearer": bearer == key, "open": True,
                "client": bearer in state["tokens"]}.get(way)

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        headers = {name.lower(): value for name, value in self.headers.items()}
        entry = {"method": self.command, "path": url.path, "query": query, "headers": headers, "body": body}
        with open(sys.argv[1], "a") as log:
            log.write(json.dumps(entry) + "\n")
        way, _, rest = url.path.lstrip("/").partition("/")
        if url.path.endswith("/token"):
            return self.token(urllib.parse.parse_qs(body))
        if way == "control":
            state["tokens"].clear()
            state["key"] = body if rest == "key" else state["key"]
            return self.answer(200, {})
        if not self.is_allowed(way, query):
            return self.answer(401, {"problem": "no key, or a wrong one", "got": [headers, self.path]})
        if rest == "me":
            return self.answer(200, {"account": {"number": 7, "title": "Shop of Ana"}})
        if rest.startswith("status/"):
            return self.answer(int(rest[7:]), {"problem": "as asked", "got": [headers, self.path]})
        return self.answer(200, {"way": way, "got": entry})

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
print(server.server_port, flush=True)
server.serve_forever()
