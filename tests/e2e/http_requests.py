"""Requests, well-formed and not, and what RFC 9110 and RFC 9112 want a server to do with each.

Each row is sent raw to `foyer serve`, with a signed webhook behind it on the same connection. A row says which
answers its bytes get, whether the connection goes on (then the webhook behind is answered and stored) or ends (then
it is neither), and whether the row's own webhook is stored. The numbers beside a name are sections of RFC 9112, or
of RFC 9110 where "9110" stands before them. Where the RFC leaves a choice, the row wants the stricter one, and
"choice" stands behind the section.

In the bytes of a row, {BODY} is the row's webhook, {LEN} and {HEX} are its length, {STAMP} and {SIG} sign it. A row
that cuts its webhook into pieces is a function of the webhook. http_direct.py and http_proxies.py send the rows.
"""

GOES_ON, ENDS, EITHER = "goes on", "ends", "either"


class Row:
    def __init__(self, name, section, raw, answers, after, stored=False, cut=False, size=0, tail=b""):
        self.name, self.section = name, section
        self.raw = raw          # bytes; a list of two: the second waits for 100; a function that gives bytes
        self.answers = answers  # a tuple of allowed statuses for each
        self.after = after
        self.stored = stored    # the row's own webhook; None: when the last answer is 200
        self.cut = cut          # the client closes its sending side behind the row
        self.size = size        # of the webhook, filled up with blanks
        self.tail = tail        # blanks and line ends behind the webhook's JSON


ROWS = []


def add(name, section, raw, *answers, after, **more):
    statuses = [a if isinstance(a, tuple) else (a,) for a in answers]
    ROWS.append(Row(name, section, raw, statuses, after, **more))


def taken(name, section, raw, **more):
    """A webhook that is stored; the connection goes on."""
    add(name, section, raw, 200, after=GOES_ON, stored=True, **more)


def answered(name, section, raw, *answers, **more):
    """Well-formed, no webhook that could be stored; the connection goes on."""
    add(name, section, raw, *answers, after=GOES_ON, **more)


def last(name, section, raw, *answers, **more):
    """Well-formed, and the last request of its connection."""
    add(name, section, raw, *answers, after=ENDS, **more)


def refused(name, section, raw, *statuses, **more):
    """Malformed: one answer, and the connection ends."""
    add(name, section, raw, statuses or 400, after=ENDS, **more)


def open_(name, section, raw, *statuses):
    """Each of these is right; whether the connection goes on is the server's choice."""
    add(name, section, raw, statuses, after=EITHER, stored=None)


def cut(name, raw, *answers, **more):
    """Ends too early (section 8): what came before is answered, the rest with 400 or not at all."""
    add(name, "8", raw, *answers, after=ENDS, cut=True, **more)


SIGNED = b"X-Front-Request-Timestamp: {STAMP}\r\nX-Front-Signature: {SIG}\r\n"
HOST = b"Host: hooks.example\r\n"
LENGTH = b"Content-Length: {LEN}\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def head(line=b"POST /hooks/front HTTP/1.1\r\n", host=HOST, extra=b""):
    return line + host + SIGNED + extra


def webhook(extra=b"", length=LENGTH, end=b"\r\n", **parts):
    return head(**parts) + length + extra + end + b"{BODY}"


def chunk(size=b"{HEX}", ext=b"", line=b"\r\n", data=b"{BODY}", behind=b"\r\n"):
    return size + ext + line + data + behind


def chunked(chunks=None, final=b"0\r\n", trailer=b"", end=b"\r\n", extra=b"", coding=CHUNKED, **parts):
    return head(**parts) + coding + extra + b"\r\n" + (chunk() if chunks is None else chunks) + final + trailer + end


def get(extra=b"", line=b"GET /healthz HTTP/1.1\r\n", host=HOST, end=b"\r\n"):
    return line + host + extra + end


def show(byte):
    return {0: "NUL", 9: "tab", 10: "LF", 11: "VT", 12: "FF", 13: "CR", 27: "ESC", 32: "blank", 127: "DEL"}.get(
        byte[0], repr(byte)[2:-1])


CONTROLS = [b"\x00", b"\x01", b"\x0b", b"\x0c", b"\r", b"\x1b", b"\x7f"]
GET_INSIDE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
PREFIX = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: "  # takes the next request's first line as a value

# ---- what must be taken ----

taken("a plain webhook", "3", webhook())
taken("no blank behind the colons", "5.1", b"POST /hooks/front HTTP/1.1\r\nHost:h\r\n" + SIGNED
    + b"Content-Length:{LEN}\r\n\r\n{BODY}")
taken("blanks and tabs around values", "5.1", webhook(b"X-A: \t  v \t \r\n", b"Content-Length: \t{LEN} \t\r\n",
    host=b"Host:\t hooks.example \t\r\n"))
taken("names in lower case", "9110 5.1", b"POST /hooks/front HTTP/1.1\r\nhost: h\r\n" + SIGNED
    + b"content-length: {LEN}\r\n\r\n{BODY}")
taken("names in upper case", "9110 5.1", b"POST /hooks/front HTTP/1.1\r\nHOST: h\r\n" + SIGNED
    + b"CONTENT-LENGTH: {LEN}\r\n\r\n{BODY}")
taken("a name of every token character", "9110 5.6.2", webhook(b"!#$%&'*+-.^_`|~09azAZ: v\r\n"))
taken("an empty value", "9110 5.5", webhook(b"X-A:\r\nX-B: \r\nX-C:\t\r\n"))
taken("UTF-8 in a value", "9110 5.5", webhook("User-Agent: Frönt ☕\r\n".encode()))
taken("every octet of obs-text in a value", "9110 5.5", webhook(b"X-A: " + bytes(range(0x80, 0x100)) + b"\r\n"))
taken("every visible character in a value", "9110 5.5", webhook(b"X-A: " + bytes(range(0x21, 0x7f)) + b"\r\n"))
taken("a tab inside a value", "9110 5.5", webhook(b"X-A: a\tb\r\n"))
taken("a field repeated", "9110 5.3", webhook(b"Accept: a\r\nAccept: b\r\nVia: 1.1 x\r\nVia: 1.1 y\r\n"))
taken("the headers of a proxy", "9110 7.6.3",
    webhook(b"Via: 1.1 proxy\r\nX-Forwarded-For: 198.51.100.7, 10.0.0.1\r\nX-Real-IP: 198.51.100.7\r\n"
    b"Forwarded: for=\"[2001:db8::1]\";proto=https\r\nX-Forwarded-Proto: https\r\n"))
taken("60 headers", "9110 5.4", webhook(b"".join(b"X-%d: v\r\n" % i for i in range(60))))
taken("a value of 8 KiB", "9110 5.4", webhook(b"X-A: " + b"v" * 8192 + b"\r\n"))
taken("an unknown Content_Length", "9110 5.1", webhook(b"Content_Length: 0\r\nTransfer_Encoding: chunked\r\n"))
taken("a name that begins as Content-Length", "9110 5.1",
    webhook(b"Content-Length-X: 0\r\nX-Content-Length: 0\r\nContent-Lengt: 0\r\nTransfer-Encodin: x\r\n"
    b"X-Transfer-Encoding: chunked\r\nHost-X: a b\r\n"))
taken("an Upgrade to h2c, ignored", "9110 7.8",
    webhook(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"))
taken("an Upgrade to websocket, ignored", "9110 7.8", webhook(b"Connection: Upgrade\r\nUpgrade: websocket\r\n"))
taken("a Connection option that names the signature", "9110 7.6.1", webhook(b"Connection: X-Front-Signature\r\n"))
taken("TE and Trailer in a request", "9110 10.1.4", webhook(b"TE: trailers, deflate;q=0.5\r\nTrailer: X-A\r\n"))
taken("a Content-Encoding that is not one", "9110 8.4", webhook(b"Content-Encoding: identity\r\n"))
taken("a query", "3.2.1", webhook(line=b"POST /hooks/front?a=b&c=%20/?:@ HTTP/1.1\r\n"))
taken("an empty query", "3.2.1", webhook(line=b"POST /hooks/front? HTTP/1.1\r\n"))
taken("an absolute target", "3.2.2", webhook(line=b"POST http://hooks.example/hooks/front HTTP/1.1\r\n"))
taken("an absolute target with a port", "3.2.2",
    webhook(line=b"POST http://hooks.example:8080/hooks/front HTTP/1.1\r\n", host=b"Host: hooks.example:8080\r\n"))
taken("an absolute target with https", "3.2.2", webhook(line=b"POST https://hooks.example/hooks/front HTTP/1.1\r\n"))
taken("an absolute target, its scheme in upper case", "9110 4.2.3",
    webhook(line=b"POST HTTP://HOOKS.example/hooks/front HTTP/1.1\r\n"))
taken("an absolute target beside another Host", "3.2.2",
    webhook(line=b"POST http://hooks.example/hooks/front HTTP/1.1\r\n", host=b"Host: other.example\r\n"))
taken("an absolute target with an IPv6 address", "3.2.2",
    webhook(line=b"POST http://[::1]:80/hooks/front HTTP/1.1\r\n", host=b"Host: [::1]:80\r\n"))
taken("leading zeros in Content-Length", "6.2", webhook(length=b"Content-Length: 000{LEN}\r\n"))
taken("line ends inside of a body", "6", webhook(), tail=b"\r\n\r\n\n\n\r\r\n")
taken("line ends inside of a chunk", "7.1", chunked(), tail=b"\r\n\r\n\n\n\r\r\n")
for n in (1, 2, 8):
    taken("%d empty line%s before the request" % (n, "s" * (n > 1)), "2.2", b"\r\n" * n + webhook())
answered("an empty line behind a body", "2.2", get() + b"\r\n" + get(), 200, 200)

# ---- methods ----

answered("GET", "9110 9.3.1", get(), 200)
answered("HEAD", "9110 9.3.2", get(line=b"HEAD /healthz HTTP/1.1\r\n"), 200)
answered("POST where it is not allowed", "9110 15.5.6", get(b"Content-Length: 0\r\n", b"POST /healthz HTTP/1.1\r\n"),
    405)
answered("PUT", "9110 9.3.4", webhook(line=b"PUT /hooks/front HTTP/1.1\r\n"), 405)
answered("PATCH", "RFC 5789", webhook(line=b"PATCH /hooks/front HTTP/1.1\r\n"), 405)
answered("OPTIONS", "9110 9.3.7", get(line=b"OPTIONS /healthz HTTP/1.1\r\n"), (200, 204, 405))
answered("OPTIONS *", "3.2.4", get(line=b"OPTIONS * HTTP/1.1\r\n"), (200, 204, 404, 405))
answered("OPTIONS * with a body", "3.2.4", get(b"Content-Length: 36\r\n", b"OPTIONS * HTTP/1.1\r\n") + GET_INSIDE
    + b"\r\n", (200, 204, 404, 405))
for method in (b"BREW", b"post", b"Post", b"GETT", b"GE", b"P", b"M-SEARCH", b"!#$%&'*+-.^_`|~", b"1", b"PROPFIND"):
    open_("method %s" % method.decode(), "9110 9.1", get(line=method + b" /healthz HTTP/1.1\r\n"), 501, 405)
open_("method of 100 letters", "3", get(line=b"A" * 100 + b" /healthz HTTP/1.1\r\n"), 501, 405, 400)
open_("TRACE", "9110 9.3.8", get(line=b"TRACE /healthz HTTP/1.1\r\n"), 501, 405)
open_("CONNECT", "9110 9.3.6", get(line=b"CONNECT hooks.example:443 HTTP/1.1\r\n"), 501, 405, 400)
open_("CONNECT with a path", "3.2.3", get(line=b"CONNECT /healthz HTTP/1.1\r\n"), 501, 405, 400)
for bad in CONTROLS + [b"(", b"/", b":", b"\"", b"@", b"{", b"\xc3\xa9"]:
    refused("%s in the method" % show(bad), "3.1", get(line=b"GE" + bad + b"T /healthz HTTP/1.1\r\n"))
refused("a blank before the method", "3", get(line=b" GET /healthz HTTP/1.1\r\n"))
refused("a tab before the method", "3", get(line=b"\tGET /healthz HTTP/1.1\r\n"))
refused("no method", "3", get(line=b"/healthz HTTP/1.1\r\n"))
refused("a byte order mark before the method", "3", get(line=b"\xef\xbb\xbfGET /healthz HTTP/1.1\r\n"))

# ---- targets ----

answered("a path that is not served", "9110 15.5.5", get(line=b"GET /nothing HTTP/1.1\r\n"), 404)
answered("the root", "3.2.1", get(line=b"GET / HTTP/1.1\r\n"), 404)
answered("an absolute target without a path", "3.2.2", get(line=b"GET http://hooks.example HTTP/1.1\r\n"), 404)
answered("an absolute target with a query and no path", "3.2.2", get(line=b"GET http://hooks.example?x HTTP/1.1\r\n"),
    404)
answered("every character of a path", "3.2.1", get(line=b"GET /azAZ09-._~!$&'()*+,;=:@%2F%00//a//../. HTTP/1.1\r\n"),
    404)
answered("a target of 8,000 bytes", "3 (it RECOMMENDS that much)",
    get(line=b"GET /" + b"a" * 7980 + b" HTTP/1.1\r\n"), 404)
answered("a path that begins with two slashes", "3.2.1", get(line=b"GET //healthz HTTP/1.1\r\n"), 404)
answered("an encoded NUL is not the path before it", "9110 4.2.3", get(line=b"GET /healthz%00 HTTP/1.1\r\n"), 404)
for bad in CONTROLS + [b"\t"]:
    refused("%s in the target" % show(bad), "3.2", get(line=b"GET /health" + bad + b"z HTTP/1.1\r\n"))
refused("a blank in the target", "3.2", get(line=b"GET /health z HTTP/1.1\r\n"))
refused("UTF-8 in the target", "3.2 choice", get(line="GET /é HTTP/1.1\r\n".encode()))
refused("the octet 0xff in the target", "3.2 choice", get(line=b"GET /\xff HTTP/1.1\r\n"))
for bad in (b"\"", b"<", b">", b"\\", b"^", b"`", b"{", b"|", b"}", b"#x"):
    open_("%s in the target" % bad.decode(), "3.2", get(line=b"GET /a" + bad + b"b HTTP/1.1\r\n"), 400, 404)
for bad in (b"%", b"%4", b"%zz", b"%u0041"):
    open_("the target /a%s" % bad.decode(), "3.2", get(line=b"GET /a" + bad + b" HTTP/1.1\r\n"), 400, 404)
refused("no target", "3", get(line=b"GET HTTP/1.1\r\n"))
refused("an empty target", "3", get(line=b"GET  HTTP/1.1\r\n"))
refused("two blanks before the target", "3 choice", get(line=b"GET  /healthz HTTP/1.1\r\n"))
refused("a tab before the target", "3 choice", get(line=b"GET\t/healthz HTTP/1.1\r\n"))
refused("a target that is no path", "3.2.1", get(line=b"GET healthz HTTP/1.1\r\n"))
refused("a target that begins with ?", "3.2.1", get(line=b"GET ?x HTTP/1.1\r\n"))
refused("GET *", "3.2.4", get(line=b"GET * HTTP/1.1\r\n"))
refused("GET with an authority", "3.2.3", get(line=b"GET hooks.example:80 HTTP/1.1\r\n"))
open_("an absolute target of another scheme", "3.2.2", get(line=b"GET ftp://hooks.example/healthz HTTP/1.1\r\n"), 400,
    404, 421)
refused("an absolute target without a host", "9110 4.2.1", get(line=b"GET http:///healthz HTTP/1.1\r\n"))
refused("an absolute target with a port and no host", "9110 4.2.1", get(line=b"GET http://:80/healthz HTTP/1.1\r\n"))
open_("an absolute target with a user", "9110 4.2.4", get(line=b"GET http://u:p@hooks.example/healthz HTTP/1.1\r\n"),
    400, 200)
refused("an absolute target without Host", "3.2", get(line=b"GET http://hooks.example/healthz HTTP/1.1\r\n",
    host=b""))

# ---- versions ----

for version in (b"HTTP/1.2", b"HTTP/1.9", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/3.0", b"HTTP/9.9"):
    refused("version %s" % version.decode(), "2.3 choice", get(line=b"GET /healthz " + version + b"\r\n"), 505, 400)
for version in (b"HTTP/1", b"HTTP/1.", b"HTTP/.1", b"HTTP/1.10", b"HTTP/01.1", b"HTTP/1.01", b"HTTP/10.1",
        b"http/1.1", b"Http/1.1", b"HTTP/1.1x", b"HTTP/1.1 x", b"HTTP /1.1", b"HTTP/ 1.1", b"HTTP/1 .1", b"HTTP/1,1",
        b"HTTP/+1.1", b"HTTP/-1.1", b"HTTP/1.1 HTTP/1.1", b"HTTPS/1.1", b"ICY/1.1", b"HTTP1.1", b"HTTP//1.1",
        b"HTTP/1.1.1", b"HTTP/0x1.1", b"HTTP/2", b"TTP/1.1", b"HTTP", b"H"):
    refused("version %s" % version.decode(), "2.3", get(line=b"GET /healthz " + version + b"\r\n"), 400, 505)
refused("a blank behind the version", "3 choice", get(line=b"GET /healthz HTTP/1.1 \r\n"))
refused("a tab behind the version", "3 choice", get(line=b"GET /healthz HTTP/1.1\t\r\n"))
refused("two blanks before the version", "3 choice", get(line=b"GET /healthz  HTTP/1.1\r\n"))
refused("a tab before the version", "3 choice", get(line=b"GET /healthz\tHTTP/1.1\r\n"))
refused("no version", "3", get(line=b"GET /healthz\r\n"), 400, 505)
refused("no version and a blank", "3", get(line=b"GET /healthz \r\n"), 400, 505)
for bad in CONTROLS:
    refused("%s in the version" % show(bad), "2.3", get(line=b"GET /healthz HTTP/1." + bad + b"1\r\n"))
    refused("%s behind the version" % show(bad), "2.3", get(line=b"GET /healthz HTTP/1.1" + bad + b"\r\n"))
refused("the preface of HTTP/2", "RFC 9113 3.4", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 505, 501)
refused("a TLS ClientHello", "3", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) + b"\r\n\r\n")
refused("a greeting of SSH", "3", b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n")
refused("a line of SMTP", "3", b"EHLO mail.example\r\n\r\n")
refused("PROXY protocol, version 1", "3", b"PROXY TCP4 198.51.100.7 127.0.0.1 4711 80\r\n" + get(), 400)
refused("PROXY protocol, version 2", "3", b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes(12) + get())
refused("an answer instead of a request", "3", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
refused("JSON instead of a request", "3", b"{BODY}\r\n\r\n")

# ---- line ends ----

refused("LF alone behind the request line", "2.2 choice", get(line=b"GET /healthz HTTP/1.1\n"))
refused("LF alone behind a header", "2.2 choice", get(host=b"Host: h\n"))
refused("LF alone behind the last header", "2.2 choice", get(b"X-A: v\n"))
refused("LF alone for the empty line", "2.2 choice", get(end=b"\n"))
refused("LF alone everywhere", "2.2 choice", get(line=b"GET /healthz HTTP/1.1\n", host=b"Host: h\n", end=b"\n"))
refused("LF LF behind a header", "2.2 choice", webhook(b"X-A: v\n\n" + GET_INSIDE))
refused("CR CR LF behind the request line", "2.2", get(line=b"GET /healthz HTTP/1.1\r\r\n"))
refused("CR CR LF behind a header", "2.2", get(b"X-A: v\r\r\n"))
refused("CR CR LF for the empty line", "2.2", get(end=b"\r\r\n"))
refused("LF CR for the empty line", "2.2", get(end=b"\n\r"))
refused("CR alone behind the request line", "2.2", get(line=b"GET /healthz HTTP/1.1\r"))
refused("CR alone behind a header", "2.2", get(b"X-A: v\r"))
refused("CR alone everywhere", "2.2", get(line=b"GET /healthz HTTP/1.1\r", host=b"Host: h\r", end=b"\r")
    + b"\r\n\r\n")
refused("CR alone for the empty line", "2.2", get(end=b"\rX: y\r\n\r\n"))
refused("an empty line of LF alone before the request", "2.2 choice", b"\n" + get())
refused("an empty line of CR alone before the request", "2.2", b"\r" + get())
refused("a line of one blank before the request", "2.2", b" \r\n" + get())
refused("9 empty lines before the request", "2.2 choice", b"\r\n" * 9 + get())
refused("10,000 empty lines before the request", "2.2 choice", b"\r\n" * 10000 + get())
add("9 empty lines between requests", "2.2 choice", get() + b"\r\n" * 9 + get(), 200, 400, after=ENDS)
refused("a blank line before the first header", "2.2", get(line=b"GET /healthz HTTP/1.1\r\n \r\n"))
refused("a blank before the first header", "2.2", get(line=b"GET /healthz HTTP/1.1\r\n "))
refused("a tab before the first header", "2.2", get(line=b"GET /healthz HTTP/1.1\r\n\t"))

# ---- field names ----

for bad in CONTROLS + [bytes([c]) for c in b"\t \"(),/;<=>?@[\\]{}\xe9\xff"]:
    refused("%s in a name" % show(bad), "5.1", get(b"X-" + bad + b"A: v\r\n"))
for bad in (b"\x00", b"\t", b" ", b"\x0b", b"\r"):
    refused("%s between name and colon" % show(bad), "5.1", get(b"X-A" + bad + b": v\r\n"))
    refused("%s between Content-Length and colon" % show(bad), "5.1",
        webhook(length=b"Content-Length" + bad + b": {LEN}\r\n"))
    refused("%s between Transfer-Encoding and colon" % show(bad), "5.1",
        chunked(coding=b"Transfer-Encoding" + bad + b": chunked\r\n"))
refused("an empty name", "5", get(b": v\r\n"))
refused("a line of a colon", "5", get(b":\r\n"))
refused("a header without a colon", "5", get(b"X-A\r\n"))
refused("a header without a colon, with a blank", "5", get(b"X-A v\r\n"))
refused("a chunk where a header is due", "5", get(b"0\r\n"))

# ---- field values ----

for bad in CONTROLS:
    refused("%s in a value" % show(bad), "9110 5.5" + " choice" * (bad not in b"\x00\r"),
        get(b"X-A: a" + bad + b"b\r\n"))
    refused("%s before a value" % show(bad), "9110 5.5" + " choice" * (bad not in b"\x00\r"),
        get(b"X-A:" + bad + b"b\r\n"))
    refused("%s behind a value" % show(bad), "9110 5.5" + " choice" * (bad not in b"\x00\r"),
        get(b"X-A: b" + bad + b"\r\n"))
refused("NUL behind the signature", "9110 5.5", head()[:-2] + b"\x00\r\n" + LENGTH + b"\r\n{BODY}")
refused("a folded value", "5.2 choice", get(b"X-A: a\r\n b\r\n"))
refused("a value folded with a tab", "5.2 choice", get(b"X-A: a\r\n\tb\r\n"))
refused("a value folded onto an empty line", "5.2 choice", get(b"X-A: a\r\n \r\n"))
refused("a folded Host", "5.2 choice", get(host=b"Host:\r\n hooks.example\r\n"))
refused("a folded Content-Length", "5.2 choice", webhook(length=b"Content-Length:\r\n {LEN}\r\n"))
refused("a Content-Length whose fold adds a digit", "5.2 choice", webhook(length=b"Content-Length: {LEN}\r\n 0\r\n"))
refused("a folded Transfer-Encoding", "5.2 choice", chunked(coding=b"Transfer-Encoding:\r\n chunked\r\n"))
refused("Transfer-Encoding hidden in a fold", "5.2 choice", webhook(b"X-A: a\r\n Transfer-Encoding: chunked\r\n"))

# ---- Host ----

for host in (b"h", b"h:80", b"h:", b"127.0.0.1", b"127.0.0.1:8080", b"[::1]", b"[::1]:8080", b"[2001:db8::7]",
        b"a_b.example", b"hooks.example.", b"xn--bcher-kva.example", b"HOOKS.EXAMPLE", b"ex%41mple", b"h:65535",
        b"1.2.3.4.5", b"a~b"):
    answered("Host %s" % host.decode(), "9110 7.2", get(host=b"Host: " + host + b"\r\n"), 200)
for host in (b"h:99999", b"[v1.x]", b"a,b", b"!$&'()*+;=", b"[::ffff:127.0.0.1]"):
    open_("Host %s" % host.decode(), "9110 7.2", get(host=b"Host: " + host + b"\r\n"), 200, 400)
for host in (b"a b", b"h:80a", b"h:-1", b"h:+80", b"h:80:80", b"h: 80", b"h :80", b"::1", b"[::1", b"::1]", b"[]",
        b"[::1]x", b"[zz]", b"[::1]:x", b"u@h", b"h/", b"h/x", b"http://h", b"h?x", b"h#x", b"h\\x", b"\"h\"",
        b"<h>", b"h^", b"h|i", b"{h}", b"h%", b"h%zz", b"h%4", "é.example".encode(), b"h\xff", b"h\tx"):
    refused("Host %s" % host.decode("latin-1"), "3.2", get(host=b"Host: " + host + b"\r\n"))
for bad in CONTROLS:
    refused("%s in Host" % show(bad), "3.2", get(host=b"Host: h" + bad + b"x\r\n"))
refused("no Host", "3.2", get(host=b""))
refused("no Host, with a body", "3.2", webhook(host=b""))
open_("an empty Host", "3.3", get(host=b"Host:\r\n"), 400, 200)
open_("a Host of blanks", "3.3", get(host=b"Host: \t \r\n"), 400, 200)
open_("a Host of a port", "3.3", get(host=b"Host: :80\r\n"), 400, 200)
open_("a Host of a colon", "3.3", get(host=b"Host: :\r\n"), 400, 200)
refused("two Hosts", "3.2", get(host=b"Host: a\r\nHost: b\r\n"))
refused("the same Host twice", "3.2", get(host=HOST * 2))
refused("two Hosts, not side by side", "3.2", get(b"X-A: v\r\nhOST: other.example\r\n"))
refused("an empty Host and another", "3.2", get(host=b"Host:\r\n" + HOST))
refused("two Hosts and an absolute target", "3.2", get(line=b"GET http://hooks.example/healthz HTTP/1.1\r\n",
    host=HOST * 2))
refused("an absolute target and an invalid Host", "3.2", get(line=b"GET http://hooks.example/healthz HTTP/1.1\r\n",
    host=b"Host: a b\r\n"))
refused("no Host, in a chunked webhook", "3.2", chunked(host=b""))
last("HTTP/1.0 without Host", "3.2", get(line=b"GET /healthz HTTP/1.0\r\n", host=b""), 200)
last("HTTP/1.0 with Host", "3.2", get(line=b"GET /healthz HTTP/1.0\r\n"), 200)
refused("HTTP/1.0 with two Hosts", "3.2", get(line=b"GET /healthz HTTP/1.0\r\n", host=HOST * 2))
refused("HTTP/1.0 with an invalid Host", "3.2", get(line=b"GET /healthz HTTP/1.0\r\n", host=b"Host: a b\r\n"))

# ---- Content-Length ----

for value in (b"+{LEN}", b"-{LEN}", b"-0", b"0x{HEX}", b"{HEX}h", b"{LEN}.0", b"{LEN};", b"{LEN};a=b", b"{LEN},",
        b",{LEN}", b"{LEN}, {LEN}", b"{LEN},{LEN}", b"{LEN}, 0", b"0, {LEN}", b"{LEN} {LEN}", b"{LEN} 0", b"{LEN} x",
        b"{LEN}x", b"\"{LEN}\"", b"'{LEN}'", b"1e2", b"{LEN}e0", b"", b" ", b"chunked", b"NaN", b"(x){LEN}", b"1_0",
        b"\xd9\xa1\xd9\xa2", b"\xef\xbc\x91", b"{LEN}\xa0", b"0b1", b"0o7", b"*", b"%31"):
    refused("Content-Length %r" % value.decode("latin-1"), "6.3",
        webhook(length=b"Content-Length: " + value + b"\r\n"))
for bad in CONTROLS:
    refused("%s before the digits of Content-Length" % show(bad), "6.3",
        webhook(length=b"Content-Length: " + bad + b"{LEN}\r\n"))
    refused("%s in the digits of Content-Length" % show(bad), "6.3",
        webhook(length=b"Content-Length: 0" + bad + b"{LEN}\r\n"))
    refused("%s behind the digits of Content-Length" % show(bad), "6.3",
        webhook(length=b"Content-Length: {LEN}" + bad + b"\r\n"))
open_("Content-Length twice, equal", "6.3", webhook(length=LENGTH * 2), 400, 200)
refused("Content-Length twice, unequal", "6.3", webhook(length=LENGTH + b"Content-Length: 0\r\n"))
refused("Content-Length twice, unequal, the other order", "6.3", webhook(length=b"Content-Length: 0\r\n" + LENGTH))
refused("Content-Length twice, one with a sign", "6.3", webhook(length=LENGTH + b"Content-Length: +{LEN}\r\n"))
refused("Content-Length twice, one empty", "6.3", webhook(length=LENGTH + b"Content-Length:\r\n"))
refused("Content-Length three times, one unequal", "6.3", webhook(length=LENGTH * 2 + b"Content-Length: 1\r\n"))
refused("Content-Length twice, unequal, in a GET", "6.3", get(b"Content-Length: 0\r\nContent-Length: 36\r\n")
    + GET_INSIDE)
for value in (b"1048577", b"2147483648", b"4294967296", b"4294967381", b"9223372036854775807", b"9223372036854775808",
        b"18446744073709551615", b"18446744073709551616", b"18446744073709551701", b"9" * 40, b"9" * 1000):
    refused("Content-Length %s" % (value.decode() if len(value) < 30 else "of %d nines" % len(value)),
        "6.2, 9110 15.5.14", webhook(length=b"Content-Length: " + value + b"\r\n"), 413, 400)
answered("Content-Length 0", "6.2", head(extra=b"Content-Length: 0\r\n\r\n"), 401)
add("Content-Length one too small", "6.3", lambda body: head(extra=b"Content-Length: %d\r\n\r\n" % (len(body) - 1))
    + body, 401, 400, after=ENDS)
add("Content-Length 0 and a body", "6.3", webhook(length=b"Content-Length: 0\r\n"), 401, 400, after=ENDS)
refused("Content-Length with an accent", "5.1", webhook(length=b"Content-Length\xcc\x81: {LEN}\r\n"))
add("no length, and no body", "6.3", head() + b"\r\n", (401, 411), after=EITHER)
add("no length, and a body", "6.3", head() + b"\r\n{BODY}\r\n\r\n", (401, 411), 400, after=ENDS)
add("a body that is a request", "6.3", head(extra=b"Content-Length: %d\r\n\r\n" % len(GET_INSIDE)) + GET_INSIDE, 401,
    after=GOES_ON)
taken("the largest body", "9110 15.5.14", webhook(), size=1048576)
refused("a body that is one byte too large", "9110 15.5.14", webhook(), 413, size=1048577)
refused("a body of 4 MiB", "9110 15.5.14", webhook(), 413, size=4 << 20)
refused("a GET with a body that is too large", "9110 15.5.14", get(b"Content-Length: 1048577\r\n") + b"x" * 1048577,
    413)
refused("a body that is too large, and no Host", "3.2", webhook(host=b""), 400, 413, size=1048577)

# ---- bodies of every method ----

for method, status in ((b"GET", 200), (b"HEAD", 200), (b"DELETE", 405), (b"OPTIONS", (200, 204, 405)), (b"PUT", 405),
        (b"PATCH", 405), (b"POST", 405)):
    name = method.decode()
    line = method + b" /healthz HTTP/1.1\r\n"
    answered("%s with a body that is a request" % name, "6.3", get(b"Content-Length: %d\r\n" % len(GET_INSIDE), line)
        + GET_INSIDE, status)
    answered("%s with a body that is half a request" % name, "6.3",
        get(b"Content-Length: %d\r\n" % len(PREFIX), line) + PREFIX, status)
    answered("%s with a chunked body that is half a request" % name, "6.3", get(CHUNKED, line)
        + b"%x\r\n" % len(PREFIX) + PREFIX + b"\r\n0\r\n\r\n", status)
    answered("%s with an empty chunked body" % name, "6.3", get(CHUNKED, line) + b"0\r\n\r\n", status)
answered("HEAD to a webhook's path, with a body that is half a request", "6.3",
    get(b"Content-Length: %d\r\n" % len(PREFIX), b"HEAD /hooks/front HTTP/1.1\r\n") + PREFIX, 405)
answered("DELETE to a webhook's path, with a body", "6.3", webhook(line=b"DELETE /hooks/front HTTP/1.1\r\n"),
    (200, 401, 404, 405), stored=None)
open_("TRACE with a body that is half a request", "9110 9.3.8",
    get(b"Content-Length: %d\r\n" % len(PREFIX), b"TRACE /healthz HTTP/1.1\r\n") + PREFIX, 501, 405, 400)
open_("CONNECT with a body that is half a request", "9110 9.3.6",
    get(b"Content-Length: %d\r\n" % len(PREFIX), b"CONNECT hooks.example:443 HTTP/1.1\r\n") + PREFIX, 501, 405, 400)
open_("an unknown method with a body that is half a request", "6.3",
    get(b"Content-Length: %d\r\n" % len(PREFIX), b"BREW /healthz HTTP/1.1\r\n") + PREFIX, 501, 405)
open_("an unknown method with a chunked body", "6.3", get(CHUNKED, b"BREW /healthz HTTP/1.1\r\n")
    + b"%x\r\n" % len(PREFIX) + PREFIX + b"\r\n0\r\n\r\n", 501, 405)
answered("a path that is not served, with a body", "6.3", get(b"Content-Length: %d\r\n" % len(PREFIX),
    b"POST /nothing HTTP/1.1\r\n") + PREFIX, 404)

# ---- Transfer-Encoding ----

taken("Transfer-Encoding: chunked", "7.1", chunked())
taken("Transfer-Encoding: CHUNKED", "7 (codings are case-insensitive)",
    chunked(coding=b"TRANSFER-ENCODING: CHUNKED\r\n"))
taken("blanks around chunked", "5.1", chunked(coding=b"Transfer-Encoding:\t chunked \t\r\n"))
for value in (b"gzip", b"identity", b"xchunked", b"x-chunked", b"chunke", b"chunkedx", b"chunked gzip",
        b"chunked, gzip", b"chunked, identity", b"\"chunked\"", b"'chunked'", b"chunked\"", b"[chunked]",
        b"chunked;", b"chunked, x", b"cow", b"", b" ", b",", b"chunked,chunked", b"chunked, chunked",
        b"chunked chunked", b"chunked\xa0", b"\xa0chunked", b"c\xcc\xa7hunked", b"chunked/1.0", b"{LEN}"):
    refused("Transfer-Encoding %r" % value.decode("latin-1"), "6.3",
        chunked(coding=b"Transfer-Encoding: " + value + b"\r\n"), 400, 501)
for value in (b"gzip, chunked", b"identity, chunked", b"x, chunked", b", chunked", b"chunked,", b"chunked;q=1",
        b"chunked; a=b", b"deflate,chunked"):
    refused("Transfer-Encoding %r" % value.decode(), "6.1 choice",
        chunked(coding=b"Transfer-Encoding: " + value + b"\r\n"), 501, 400)
for bad in CONTROLS:
    refused("%s before chunked" % show(bad), "9110 5.5", chunked(coding=b"Transfer-Encoding: " + bad
        + b"chunked\r\n"))
    refused("%s behind chunked" % show(bad), "9110 5.5", chunked(coding=b"Transfer-Encoding: chunked" + bad
        + b"\r\n"))
for one, two in ((b"chunked", b"chunked"), (b"chunked", b"identity"), (b"identity", b"chunked"),
        (b"gzip", b"chunked"), (b"chunked", b""), (b"", b"chunked"), (b"chunked", b"x"), (b"x", b"chunked")):
    refused("Transfer-Encoding twice, %r and %r" % (one.decode(), two.decode()), "6.1 choice",
        chunked(coding=b"Transfer-Encoding: %s\r\nTransfer-encoding: %s\r\n" % (one, two)), 400, 501)
refused("Content-Length, then chunked", "6.3 choice", chunked(extra=b"", coding=LENGTH + CHUNKED))
refused("chunked, then Content-Length", "6.3 choice", chunked(coding=CHUNKED + LENGTH))
refused("chunked and Content-Length 0", "6.3 choice", chunked(coding=CHUNKED + b"Content-Length: 0\r\n"))
refused("chunked and an invalid Content-Length", "6.3", chunked(coding=CHUNKED + b"Content-Length: x\r\n"))
refused("Content-Length and an unknown coding", "6.3", webhook(b"Transfer-Encoding: x\r\n"), 400, 501)
refused("Content-Length and identity", "6.3", webhook(b"Transfer-Encoding: identity\r\n"), 400, 501)
refused("Content-Length and an empty Transfer-Encoding", "6.3", webhook(b"Transfer-Encoding:\r\n"), 400, 501)
refused("Content-Length and chunked, in a GET", "6.3 choice", get(b"Content-Length: 5\r\n" + CHUNKED) + b"0\r\n\r\n")
refused("Content-Length and chunked, in a HEAD", "6.3 choice",
    get(b"Content-Length: 5\r\n" + CHUNKED, b"HEAD /healthz HTTP/1.1\r\n") + b"0\r\n\r\n")
refused("chunked in HTTP/1.0", "6.1", chunked(line=b"POST /hooks/front HTTP/1.0\r\n"))
refused("chunked in HTTP/1.0 that would go on", "6.1", chunked(line=b"POST /hooks/front HTTP/1.0\r\n",
    extra=b"Connection: keep-alive\r\n"))
refused("chunked and Content-Length in HTTP/1.0", "6.1", chunked(line=b"POST /hooks/front HTTP/1.0\r\n",
    coding=LENGTH + CHUNKED))
refused("identity in HTTP/1.0", "6.1", webhook(b"Transfer-Encoding: identity\r\n",
    line=b"POST /hooks/front HTTP/1.0\r\n"), 400, 501)
refused("a GET with an unknown coding", "6.1", get(b"Transfer-Encoding: gzip\r\n"), 400, 501)

# ---- chunks ----

taken("a size in upper case", "7.1", lambda body: chunked(chunk(b"%X" % len(body))))
taken("a size in lower case", "7.1", lambda body: chunked(chunk(b"%x" % len(body))))
taken("leading zeros in a size", "7.1", chunked(chunk(b"000{HEX}")))
taken("a last chunk of several zeros", "7.1", chunked(final=b"0000\r\n"))
taken("two chunks", "7.1", lambda body: chunked(chunk(b"a", data=body[:10])
    + chunk(b"%x" % (len(body) - 10), data=body[10:])))
taken("chunks of one byte", "7.1", lambda body: chunked(b"".join(chunk(b"1", data=body[i:i + 1])
    for i in range(len(body)))))
taken("a chunk of one byte and one of the rest", "7.1", lambda body: chunked(chunk(b"1", data=body[:1])
    + chunk(b"%x" % (len(body) - 1), data=body[1:])))
taken("the largest body, in chunks", "7.1", lambda body: chunked(b"".join(chunk(b"%x" % len(body[i:i + 5000]),
    data=body[i:i + 5000]) for i in range(0, len(body), 5000))), size=1048576)
for ext in (b";a", b";a=b", b";a=\"b\"", b";a=\"b;c\"", b";a=\"\\\"\"", b";a=b;c=d", b" ; a=b", b"\t;\ta=b",
        b" ; a = b", b";a=\"\xc3\xa9\"", b";a=\"\t\"", b";ieof", b";a=" + b"b" * 1000):
    taken("extension %r" % ext[:20].decode(), "7.1.1", chunked(chunk(ext=ext)))
taken("an extension at the last chunk", "7.1.1", chunked(final=b"0;a=b\r\n"))
open_("an extension without a name", "7.1.1", chunked(chunk(ext=b";")), 200, 400)
open_("an extension that is no token", "7.1.1", chunked(chunk(ext=b";@ [x]")), 200, 400)
taken("a trailer", "7.1.2", chunked(trailer=b"X-A: v\r\n"))
taken("several trailers", "7.1.2", chunked(trailer=b"X-A: v\r\nX-B:\r\nExpires: 0\r\n"))
taken("an announced trailer", "9110 6.6.2", chunked(extra=b"Trailer: X-A\r\n", trailer=b"X-A: v\r\n"))
open_("Content-Length as a trailer", "9110 6.5.1", chunked(trailer=b"Content-Length: 5\r\n"), 200, 400)
open_("Transfer-Encoding as a trailer", "9110 6.5.1", chunked(trailer=CHUNKED), 200, 400)
open_("Host as a trailer", "9110 6.5.1", chunked(trailer=b"Host: other.example\r\n"), 200, 400)
open_("Connection as a trailer", "9110 6.5.1", chunked(trailer=b"Connection: close\r\n"), 200, 400)
answered("a signature as a trailer signs nothing", "9110 6.5.1", b"POST /hooks/front HTTP/1.1\r\n" + HOST + CHUNKED
    + b"\r\n" + chunk() + b"0\r\n" + SIGNED + b"\r\n", 401)
for size in (b"0x{HEX}", b"0X{HEX}", b"x{HEX}", b"+{HEX}", b"-{HEX}", b" {HEX}", b"\t{HEX}", b"{HEX}h", b"{HEX}g",
        b"{HEX}.0", b"{HEX},", b"{HEX}_", b"{HEX} ", b"{HEX}\t", b"{HEX} x", b"{HEX} {HEX}", b"\"{HEX}\"", b"", b" ",
        b";a=b", b"g", b"\xef\xbc\x91", b"{HEX}\xa0", b"#{HEX}", b"$", b"%35", b"\\x5", b"{HEX}=x", b"{HEX}:x"):
    refused("chunk size %r" % size.decode("latin-1"), "7.1", chunked(chunk(size)))
for bad in CONTROLS:
    refused("%s before a chunk size" % show(bad), "7.1", chunked(chunk(bad + b"{HEX}")))
    refused("%s behind a chunk size" % show(bad), "7.1", chunked(chunk(b"{HEX}" + bad)))
    refused("%s in an extension" % show(bad), "7.1.1", chunked(chunk(ext=b";a" + bad + b"b")))
    refused("%s in a trailer's value" % show(bad), "7.1.2", chunked(trailer=b"X-A: a" + bad + b"b\r\n"))
    refused("%s in a trailer's name" % show(bad), "7.1.2", chunked(trailer=b"X-" + bad + b"A: v\r\n"))
for size in (b"100001", b"7fffffff", b"ffffffff", b"100000000", b"100000055", b"7fffffffffffffff",
        b"ffffffffffffffff", b"fffffffffffffffe", b"10000000000000000", b"10000000000000055", b"f" * 32,
        b"f" * 1000):
    refused("chunk size %s" % (size.decode() if len(size) < 30 else "of %d f" % len(size)), "7.1, 9110 15.5.14",
        chunked(chunk(size)), 413, 400)
open_("chunk size with 100 leading zeros", "7.1", chunked(chunk(b"0" * 100 + b"{HEX}")), 200, 400)
refused("chunk size with 100,000 leading zeros", "7.1 choice", chunked(chunk(b"0" * 100000 + b"{HEX}")), 400, 413,
    431)
refused("a negative size", "7.1", chunked(chunk(b"-1")))
refused("a last chunk of -0", "7.1", chunked(final=b"-0\r\n"))
refused("a last chunk of 0x0", "7.1", chunked(final=b"0x0\r\n"))
refused("LF alone behind a size", "7.1", chunked(chunk(line=b"\n")))
refused("LF alone behind an extension", "7.1.1", chunked(chunk(ext=b";a=b", line=b"\n")))
refused("LF in an extension that goes on", "7.1.1", chunked(chunk(ext=b";\nxx")))
refused("LF alone behind data", "7.1", chunked(chunk(behind=b"\n")))
refused("CR alone behind a size", "7.1", chunked(chunk(line=b"\r")))
refused("CR alone behind data", "7.1", chunked(chunk(behind=b"\r")))
refused("CR CR LF behind a size", "7.1", chunked(chunk(line=b"\r\r\n")))
refused("nothing behind data", "7.1", chunked(chunk(behind=b"")))
refused("two letters behind data", "7.1", chunked(chunk(behind=b"xx")))
refused("a blank behind data", "7.1", chunked(chunk(behind=b" \r\n")))
refused("an empty line between chunks", "7.1", chunked(chunk(behind=b"\r\n\r\n")))
refused("data longer than its size", "7.1", chunked(chunk(data=b"{BODY}x")))
refused("data one byte shorter than its size", "7.1", lambda body: chunked(chunk(b"%x" % (len(body) + 1))))
refused("LF alone behind the last chunk", "7.1", chunked(final=b"0\n"))
refused("LF alone for the end", "7.1", chunked(end=b"\n"))
refused("CR CR LF for the end", "7.1", chunked(end=b"\r\r\n"))
refused("a blank line for the end", "7.1.2", chunked(end=b" \r\n\r\n"))
refused("LF alone behind a trailer", "7.1.2", chunked(trailer=b"X-A: v\n"))
refused("a trailer without a colon", "7.1.2", chunked(trailer=b"X-A\r\n"))
refused("a trailer without a name", "7.1.2", chunked(trailer=b": v\r\n"))
refused("a blank before a trailer's colon", "7.1.2", chunked(trailer=b"X-A : v\r\n"))
refused("a folded trailer", "7.1.2 choice", chunked(trailer=b"X-A: a\r\n b\r\n"))
refused("a trailer that begins with a blank", "7.1.2", chunked(trailer=b" X-A: v\r\n"))
refused("no last chunk, but a request", "7.1", head() + CHUNKED + b"\r\n" + chunk())
refused("no end behind the last chunk, but a request", "7.1.2", chunked(end=b""), 400)
add("a chunked body that is over before its webhook", "7.1", head() + CHUNKED + b"\r\n0\r\n\r\n{BODY}", 401, 400,
    after=ENDS)
refused("chunks that are too large together", "9110 15.5.14",
    lambda body: chunked(b"".join(chunk(b"%x" % len(body[i:i + 5000]), data=body[i:i + 5000])
    for i in range(0, len(body), 5000))), 413, size=1048577)
refused("one chunk that is too large", "9110 15.5.14", chunked(), 413, size=1048577)
refused("an extension of 20 KB", "7.1.1 (servers ought to limit them)", chunked(chunk(ext=b";a=" + b"b" * 20000)),
    400, 413, 431)
refused("an extension of 200 KB", "7.1.1", chunked(chunk(ext=b";a=" + b"b" * 200000)), 400, 413, 431)
refused("extensions of 100 KB together", "7.1.1", lambda body: chunked(b"".join(chunk(b"1", b";" + b"a" * 1000,
    data=body[i:i + 1]) for i in range(100))), 400, 413, 431)
refused("a trailer of 20 KB", "7.1.2", chunked(trailer=b"X-A: " + b"v" * 20000 + b"\r\n"), 400, 413, 431)
refused("5,000 trailers", "7.1.2", chunked(trailer=b"".join(b"X-%d: v\r\n" % i for i in range(5000))), 400, 413, 431)

# ---- limits of the head ----

taken("a head of 15,000 bytes", "9110 5.4", webhook(b"".join(b"X-%d: %s\r\n" % (i, b"v" * 300) for i in range(45))))
refused("a header of 20 KB", "9110 5.4", get(b"X-A: " + b"v" * 20000 + b"\r\n"), 431, 400)
refused("a name of 20 KB", "9110 5.4", get(b"X" * 20000 + b": v\r\n"), 431, 400)
refused("headers of 20 KB together", "9110 5.4", get(b"".join(b"X-%d: %s\r\n" % (i, b"v" * 80) for i in range(220))),
    431, 400)
refused("10,000 headers", "9110 5.4", get(b"a:b\r\n" * 10000), 431, 400)
open_("2,000 headers in 10 KB", "9110 5.4", get(b"a:b\r\n" * 2000), 200, 431, 400)
refused("a target of 20 KB", "3", get(line=b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n"), 414)
refused("a query of 20 KB", "3", get(line=b"GET /healthz?" + b"a" * 20000 + b" HTTP/1.1\r\n"), 414)
refused("a method of 20 KB", "3", get(line=b"A" * 20000 + b" /healthz HTTP/1.1\r\n"), 400, 414, 431, 501)
refused("a line of 100 KB that never ends", "3", b"GET /" + b"a" * 100000, 414)
refused("a header of 100 KB that never ends", "9110 5.4", get(b"X-A: " + b"v" * 100000, end=b""), 431, 400)
refused("a header of 1 MB", "9110 5.4", get(b"X-A: " + b"v" * 1000000 + b"\r\n"), 431, 400)

# ---- Connection ----

last("Connection: close", "9.6", webhook(b"Connection: close\r\n"), 200, stored=True)
last("Connection: CLOSE", "9.6", webhook(b"connection: CLOSE\r\n"), 200, stored=True)
last("close in a list", "9.6", webhook(b"Connection: x, close , y\r\n"), 200, stored=True)
last("close in a list with empty members", "9110 5.6.1", webhook(b"Connection: ,,close,\r\n"), 200, stored=True)
last("close in a second Connection", "9.6", webhook(b"Connection: x\r\nX-A: v\r\nConnection: close\r\n"), 200,
    stored=True)
last("close beside keep-alive", "9.3", webhook(b"Connection: keep-alive, close\r\n"), 200, stored=True)
last("close, in a chunked webhook", "9.6", chunked(extra=b"Connection: close\r\n"), 200, stored=True)
last("close, in a HEAD", "9.6", get(b"Connection: close\r\n", b"HEAD /healthz HTTP/1.1\r\n"), 200)
last("close, at a path that is not served", "9.6", get(b"Connection: close\r\n", b"GET /nothing HTTP/1.1\r\n"), 404)
last("close, and a second request behind it", "9.6", get(b"Connection: close\r\n") + get(), 200)
taken("closed is not close", "9.3", webhook(b"Connection: closed\r\n"))
taken("keep-alive in HTTP/1.1", "9.3", webhook(b"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n"))
taken("Proxy-Connection: close means nothing", "9110 7.6.1", webhook(b"Proxy-Connection: close\r\n"))
taken("an empty Connection", "9110 5.6.1", webhook(b"Connection:\r\n"))
last("a webhook in HTTP/1.0", "9.3", webhook(line=b"POST /hooks/front HTTP/1.0\r\n"), 200, stored=True)
last("HTTP/1.0 with Connection: x", "9.3", webhook(b"Connection: x\r\n", line=b"POST /hooks/front HTTP/1.0\r\n"), 200,
    stored=True)
last("HTTP/1.0 with close and keep-alive", "9.3", webhook(b"Connection: keep-alive, close\r\n",
    line=b"POST /hooks/front HTTP/1.0\r\n"), 200, stored=True)
add("HTTP/1.0 with keep-alive", "9.3", webhook(b"Connection: keep-alive\r\n", line=b"POST /hooks/front HTTP/1.0\r\n"),
    200, after=EITHER, stored=True)
add("HTTP/1.0 with Keep-Alive in other letters", "9.3", webhook(b"Connection: Keep-Alive\r\n",
    line=b"POST /hooks/front HTTP/1.0\r\n"), 200, after=EITHER, stored=True)
last("HTTP/1.0 with keep-alive for a proxy only", "9.3", webhook(b"Proxy-Connection: keep-alive\r\n",
    line=b"POST /hooks/front HTTP/1.0\r\n"), 200, stored=True)

# ---- Expect ----

taken("100-continue with the body at once", "9110 10.1.1", webhook(b"Expect: 100-continue\r\n"))
taken("100-Continue in other letters", "9110 10.1.1", webhook(b"Expect: 100-Continue\r\n"))
taken("100-continue, waiting", "9110 10.1.1", [head(extra=LENGTH + b"Expect: 100-continue\r\n\r\n"), b"{BODY}"])
taken("100-continue in capitals, waiting", "9110 10.1.1", [head(extra=LENGTH + b"EXPECT: 100-CONTINUE\r\n\r\n"),
    b"{BODY}"])
taken("100-continue, chunked, waiting", "9110 10.1.1", [head(extra=CHUNKED + b"Expect: 100-continue\r\n\r\n"),
    chunk() + b"0\r\n\r\n"])
add("100-continue behind another request, waiting", "9110 10.1.1",
    [get() + head(extra=LENGTH + b"Expect: 100-continue\r\n\r\n"), b"{BODY}"], 200, 200, after=GOES_ON, stored=True)
taken("100-continue with chunks at once", "9110 10.1.1", chunked(extra=b"Expect: 100-continue\r\n"))
answered("100-continue without a body", "9110 10.1.1", get(b"Expect: 100-continue\r\n"), 200)
answered("100-continue with a length of 0", "9110 10.1.1", get(b"Expect: 100-continue\r\nContent-Length: 0\r\n",
    b"POST /nothing HTTP/1.1\r\n"), 404)
last("100-continue in HTTP/1.0, ignored", "9110 10.1.1", webhook(b"Expect: 100-continue\r\n",
    line=b"POST /hooks/front HTTP/1.0\r\n"), 200, stored=True)
open_("an unknown expectation", "9110 10.1.1", webhook(b"Expect: 200-ok\r\n"), 417, 200)
open_("an unknown expectation beside 100-continue", "9110 10.1.1", webhook(b"Expect: 100-continue, x=y\r\n"), 417,
    200)
refused("100-continue before a body that is too large", "9110 10.1.1",
    head(extra=b"Content-Length: 1048577\r\nExpect: 100-continue\r\n\r\n"), 413)
refused("100-continue before a body of 40 digits", "9110 10.1.1",
    head(extra=b"Content-Length: " + b"9" * 40 + b"\r\nExpect: 100-continue\r\n\r\n"), 413, 400)
refused("100-continue without Host", "9110 10.1.1", head(host=b"", extra=LENGTH + b"Expect: 100-continue\r\n\r\n"))
refused("100-continue with two lengths", "9110 10.1.1", head(extra=LENGTH
    + b"Content-Length: 1\r\nExpect: 100-continue\r\n\r\n"))

# ---- pipelines ----

answered("20 requests at once", "9.3.2", get() * 20, *[200] * 20)
answered("HEAD among others", "9.3.2", get() + get(line=b"HEAD /healthz HTTP/1.1\r\n")
    + get(line=b"GET /nothing HTTP/1.1\r\n") + get(line=b"HEAD /nothing HTTP/1.1\r\n") + get(), 200, 200, 404, 404,
    200)
add("a webhook behind others", "9.3.2", get() + get(line=b"HEAD /healthz HTTP/1.1\r\n") + webhook(), 200, 200, 200,
    after=GOES_ON, stored=True)
add("a webhook behind a chunked one that is not signed", "9.3.2", get(CHUNKED, b"POST /hooks/front HTTP/1.1\r\n")
    + b"3\r\n{} \r\n0\r\nX: y\r\n\r\n" + webhook(), 401, 200, after=GOES_ON, stored=True)
add("a webhook before a malformed request", "9.3.2", webhook() + get(host=b""), 200, 400, after=ENDS, stored=True)
add("a webhook before bytes of chance", "9.3.2", webhook() + b"\x80\xff\x00\x17\r\n\r\n", 200, 400, after=ENDS,
    stored=True)
add("a webhook before a body that is too large", "9.3.2", webhook() + get(b"Content-Length: 1048577\r\n"), 200, 413,
    after=ENDS, stored=True)
add("a webhook before a version that is not spoken", "9.3.2", webhook() + get(line=b"GET / HTTP/2.0\r\n"), 200,
    (505, 400), after=ENDS, stored=True)
add("a webhook before HTTP/1.0", "9.3.2", webhook() + get(line=b"GET /healthz HTTP/1.0\r\n"), 200, 200, after=ENDS,
    stored=True)
refused("a webhook behind a malformed request", "9.3.2", get(b"X A: v\r\n") + webhook())
refused("a webhook behind a malformed chunk", "9.3.2", get(CHUNKED, b"POST /hooks/front HTTP/1.1\r\n")
    + b"0x3\r\n{} \r\n0\r\n\r\n" + webhook())

# ---- requests that end too early ----

cut("nothing at all", b"")
cut("an empty line", b"\r\n")
cut("half a method", b"PO")
cut("half a request line", b"POST /hooks/fro")
cut("a request line without its end", b"POST /hooks/front HTTP/1.1")
cut("a request line without LF", b"POST /hooks/front HTTP/1.1\r")
cut("a request line", b"POST /hooks/front HTTP/1.1\r\n")
cut("half a name", b"POST /hooks/front HTTP/1.1\r\nHos")
cut("half a value", b"POST /hooks/front HTTP/1.1\r\nHost: hoo")
cut("a head without its empty line", head(extra=LENGTH))
cut("a head without the LF of its empty line", head(extra=LENGTH) + b"\r")
cut("a head without its body", head(extra=LENGTH) + b"\r\n")
cut("half a body", head(extra=LENGTH) + b"\r\n{")
cut("a body one byte too short", lambda body: head(extra=b"Content-Length: %d\r\n\r\n" % len(body)) + body[:-1])
cut("100-continue, and nothing", head(extra=LENGTH + b"Expect: 100-continue\r\n") + b"\r\n")
cut("a chunked head without its chunks", head(extra=CHUNKED) + b"\r\n")
cut("half a chunk size", head(extra=CHUNKED) + b"\r\n1")
cut("a chunk size without LF", head(extra=CHUNKED) + b"\r\n{HEX}\r")
cut("half an extension", head(extra=CHUNKED) + b"\r\n{HEX};a=")
cut("a chunk size without data", head(extra=CHUNKED) + b"\r\n{HEX}\r\n")
cut("half a chunk's data", head(extra=CHUNKED) + b"\r\n{HEX}\r\n{")
cut("a chunk without CRLF", head(extra=CHUNKED) + b"\r\n{HEX}\r\n{BODY}")
cut("a chunk without LF", head(extra=CHUNKED) + b"\r\n{HEX}\r\n{BODY}\r")
cut("all chunks but the last", head(extra=CHUNKED) + b"\r\n" + chunk())
cut("a last chunk without CRLF", head(extra=CHUNKED) + b"\r\n" + chunk() + b"0")
cut("a last chunk without the end", chunked(end=b""))
cut("a last chunk without the LF of its end", chunked(end=b"\r"))
cut("half a trailer", chunked(trailer=b"X-A", end=b""))
cut("a trailer without the end", chunked(trailer=b"X-A: v\r\n", end=b""))
cut("a whole request", get(), 200)
cut("a whole webhook", webhook(), 200, stored=True)
cut("a whole chunked webhook", chunked(), 200, stored=True)
cut("20 whole requests", get() * 20, *[200] * 20)
cut("a whole webhook and an empty line", webhook() + b"\r\n", 200, stored=True)
cut("a whole webhook and half a request", webhook() + b"GET /heal", 200, stored=True)
cut("a malformed request", get(host=b""), 400)
