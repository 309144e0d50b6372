"""Sends every field of every action of Front's once to a recording server, and holds each request against Front's
description: method, path, query, body, types, what is required, and the fields of the answer.

Usage: operations.py FOYER DIRECTORY. What deviates is in DEFECTS, with the row of what is wrong in the description,
or in OURS, with the reason. An entry that is not needed is a failure, too."""
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time

FOYER, DIR = sys.argv[1:3]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.path.join(ROOT, "tests/data/front")
FACTS = json.load(open(os.path.join(DATA, "core-api.facts.json")))

# What the description has wrong, as Front's documentation and what it answers show.
DEFECTS = {
    ("send-message", "to", "not required"): "to is required, but the text says that one of to, cc and bcc is enough",
    ("list-events", "limit", "max 15"): "the most is in the text only",
    ("update-message-template", "body", "not described"): "no body since 2026-05-05; the fields are those of before",
}
for member in ("subject", "body", "attachments", "is_available_for_all_inboxes", "inbox_ids"):
    DEFECTS["list-folder-message-templates", "output", member] = "the answer is described as folders"
# Where an action is meant to be stricter or more exact than the description.
OURS = {
    ("edit-draft", "effect", "write"): "a second edit of the same version is refused",
    ("remove-contact-handle", "effect", "write"): "a second removal is refused",
}
for kind in ("create", "run"):
    OURS[kind + "-analytics-report", "effect", "read"] = "a report changes nothing"
    OURS[kind + "-analytics-export", "effect", "read"] = "an export changes nothing"
    OURS[kind + "-analytics-export", "columns", "list of any"] = "names, and {name, id} for those with a parameter"
# One of the fields of an operation only.
PARTIAL = {"move-conversation"}

problems, used = [], set()


def deviates(action, place, what):
    key = (action, place, what)
    if key in DEFECTS or key in OURS:
        used.add(key)
    else:
        problems.append(f"{action}: {place}: {what}")


# ---- the description ----

def resolve(node):
    while "$ref" in node:
        found = FACTS
        for part in node["$ref"][2:].split("/"):
            found = found[part]
        beside = {k: v for k, v in node.items() if k != "$ref"}
        node = {**found, **beside} if beside else found
    return node


def shape(node):
    """A schema with its references and allOf merged: {type, properties, required, items, enum}."""
    node = resolve(node)
    out = {k: v for k, v in node.items() if k not in ("allOf",)}
    properties, required = {}, list(node.get("required", []))
    for part in node.get("allOf", []):
        part = shape(part)
        properties.update(part.get("properties", {}))
        required += part.get("required", [])
    properties.update(node.get("properties", {}))
    for part in node.get("anyOf", []) + node.get("oneOf", []):
        part = shape(part)
        properties.update({k: v for k, v in part.get("properties", {}).items() if k not in properties})
        if "discriminator" in node:
            required += part.get("required", [])
    if properties:
        out["properties"] = properties
    out["required"] = required
    return out


class Operation:
    def __init__(self, method, path, node):
        self.id, self.method, self.path, self.node = node["operationId"], method.upper(), path, node
        self.parameters = {}
        for parameter in map(resolve, node.get("parameters", [])):
            self.parameters[parameter["in"], parameter["name"]] = parameter
        content = node.get("requestBody", {}).get("content") or {}
        self.body = shape(content["application/json"]["schema"]) if "application/json" in content else None
        self.has_body = "requestBody" in node
        self.scopes = node.get("x-required-scopes", [])
        self.status = int(min(status for status in node["responses"] if status.startswith("2")))
        answer = resolve(node["responses"][str(self.status)]).get("content") or {}
        self.media = next(iter(answer), None)
        self.answer = shape(answer["application/json"]["schema"]) if "application/json" in answer else {}
        self.pattern = re.compile("^" + re.sub(r"\\\{[^}]*\\\}", "([^/]+)", re.escape(path)) + "$")
        self.literal = len(re.sub(r"\{[^}]*\}", "", path))


OPERATIONS = [Operation(m, p, node) for p, methods in FACTS["paths"].items() for m, node in methods.items()]
BY_ID = {operation.id: operation for operation in OPERATIONS}
COVERED = {}  # action -> its operations
for row in open(os.path.join(DATA, "operations.tsv")).read().splitlines()[1:]:
    operation, _, _, names = row.split("\t")
    for name in names.split(","):
        COVERED.setdefault(name, []).append(BY_ID[operation])


def operation_of(method, path):
    fits = [o for o in OPERATIONS if o.method == method and o.pattern.match(path)]
    return max(fits, key=lambda o: o.literal, default=None)


# ---- the company ----

received = []


class Company(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is one packet

    def answer(self):
        size = int(self.headers.get("content-length", 0))
        body = self.rfile.read(size)
        path, _, query = self.path.partition("?")
        operation = operation_of(self.command, path)
        if not path.startswith("/mark/") and path != "/me" or received and received[-1]["path"].endswith("get-company"):
            received.append({"method": self.command, "path": path, "query": query, "body": body,
                             "type": self.headers.get("content-type", ""), "length": self.headers.get("content-length")})
        elif path != "/me":
            received.append({"method": "MARK", "path": path})
        status, answer = 200, b"{}"
        if operation:
            status = operation.status
            if operation.answer.get("properties", {}).get("_results"):
                answer = b'{"_results": []}'
            if operation.media and operation.media != "application/json":
                answer = b"file"
        if path == "/me":
            answer = json.dumps({"id": "cmp_1", "name": "Acme", "_links": {"self": "http://" + self.headers["host"] + "/me"}}).encode()
        if operation and operation.id in FIXED:
            answer = FIXED[operation.id]
        self.send_response(status)
        self.send_header("x-ratelimit-limit", "100000")
        self.send_header("x-ratelimit-remaining", "100000")
        self.send_header("x-ratelimit-reset", str(int(time.time()) + 60))
        if status == 204:
            answer = b""
        else:
            self.send_header("content-type", operation.media if operation and operation.media else "application/json")
            self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *_):
        pass


# What the waiting actions want to read.
FIXED = {
    "get-contact": b'{"id": "crd_t1", "custom_fields": {}}',
    "get-analytics-report": b'{"status": "done"}',
    "get-analytics-export": b'{"status": "done", "url": "https://example"}',
    "create-analytics-report": b'{"uid": "u1", "status": "running"}',
    "create-analytics-export": b'{"id": "exp_1", "status": "done"}',
}

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Company)
threading.Thread(target=server.serve_forever, daemon=True).start()
URL = f"http://127.0.0.1:{server.server_port}"


def foyer(*arguments, text=None):
    done = subprocess.run([FOYER, *arguments], input=text, capture_output=True, text=True, cwd=DIR, check=False)
    if done.returncode:
        sys.exit(f"foyer {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


# ---- the actions' own description, as values ----

PREFIXES = dict(re.findall(r"^ {4}(\w+) += \{ prefix = \"(\w+_)\"", open(os.path.join(ROOT, "lua/front/connector.lua")).read(), re.M))
ATTACHMENT = os.path.join(DIR, "file.txt")


class Field:
    def __init__(self, row):
        self.row, self.name, self.type, self.inner = row, row["name"], row["type"], {}
        self.required = row.get("required", False)

    def value(self):
        word = self.type
        if self.inner:
            inside = {name: field.value() for name, field in self.inner.items()}
            return [inside] if word.startswith("list of") else inside
        if word.startswith("list of "):
            example = self.row.get("example")
            return [self.one(word[8:], example[0] if example else None)]
        return self.one(word, self.row.get("example"))

    def one(self, word, example):
        if word in PREFIXES:
            return PREFIXES[word] + "t1"
        if word == "time":
            return 1893456000
        if word == "file":
            return ATTACHMENT
        if word == "any" or word == "object":
            return example
        if word.startswith("one of "):
            return example
        if word == "boolean":
            return True
        if example is None:
            problems.append(f"{self.name} has no example")
        return example

    def has_file(self):
        return self.type in ("file", "list of file") or any(f.has_file() for f in self.inner.values())


def fields_of(action):
    """Top-level fields by name, with those inside of them."""
    top, all_fields = {}, {}
    for row in action.get("input") or []:
        field = Field(row)
        parent, _, last = row["name"].replace("[]", "").rpartition(".")
        if parent:
            all_fields[parent].inner[last] = field
        else:
            top[row["name"]] = field
        all_fields[row["name"].replace("[]", "")] = field
    return top


# Actions that send one of several requests, or others than they declare: inputs that between them have every field.
BY_HAND = {
    "list-conversations": [
        {"q": "is:open", "limit": 5},
        {"statuses": ["assigned"], "limit": 5, "sort_by": "date", "sort_order": "asc"},
        {"inbox_id": "inb_t1", "status_categories": ["open"]}, {"tag_id": "tag_t1", "status_ids": ["sts_t1"]},
        {"contact_id": "crd_t1"}, {"assignee_id": "tea_t1"},
    ],
    "send-conversation-reply": [
        {"conversation_id": "cnv_t1", "type": "message", "body": "x", "text": "x", "subject": "x", "to": ["a@b.example"], "cc": ["a@b.example"],
         "bcc": ["a@b.example"], "author_id": "tea_t1", "sender_name": "x", "channel_id": "cha_t1", "quote_body": "x",
         "signature_id": "sig_t1", "should_add_default_signature": True, "archive": True, "tag_ids": ["tag_t1"]},
        {"conversation_id": "cnv_t1", "type": "comment", "body": "x", "author_id": "tea_t1", "is_pinned": True},
        {"conversation_id": "cnv_t1", "type": "comment", "body": "x", "author_id": "tea_t1", "is_pinned": True, "attachments": [ATTACHMENT]},
    ],
}


# ---- holding a request against its operation ----

TYPES = {"string": str, "boolean": bool, "object": dict, "array": list}


def is_file(schema):
    schema = shape(schema)
    return schema.get("format") == "binary" or schema.get("type") == "array" and is_file(schema["items"])


def hold_value(action, schema, value, place, whole=True):
    schema = shape(schema)
    kind = schema.get("type") or ("object" if schema.get("properties") else None)
    if value is None:
        return
    if kind in ("number", "integer"):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or kind == "integer" and value != int(value):
            return deviates(action, place, f"not a {kind}")
    elif kind in TYPES and not isinstance(value, TYPES[kind]) and not schema.get("oneOf"):
        return deviates(action, place, f"not a {kind}")
    if "enum" in schema and value not in schema["enum"]:
        deviates(action, place, f"not in the enum: {value}")
    if kind == "array":
        for item in value:
            hold_value(action, schema.get("items", {}), item, place + "[]", whole)
    if kind == "object" and schema.get("properties"):
        for name, inner in value.items():
            if name not in schema["properties"]:
                deviates(action, f"{place}.{name}".lstrip("."), "not described")
            else:
                hold_value(action, schema["properties"][name], inner, f"{place}.{name}".lstrip("."), whole)
        for name in schema["properties"]:
            if whole and name not in value and not is_file(schema["properties"][name]):
                deviates(action, f"{place}.{name}".lstrip("."), "not sent")


def leaves(schema, place=""):
    """The paths of a body, as a form has them."""
    schema = shape(schema)
    if schema.get("type") == "array":
        yield from leaves(schema["items"], place + "[]")
    elif schema.get("properties"):
        for name, inner in schema["properties"].items():
            yield from leaves(inner, f"{place}[{name}]" if place else name)
    else:
        yield place


def hold_query(name, operation, sent):
    seen = set()
    for pair in sent["query"].split("&") if sent["query"] else []:
        key = pair.split("=")[0].replace("%5B", "[").replace("%5D", "]").replace("%5b", "[").replace("%5d", "]")
        base = key.split("[")[0]
        seen.add(base)
        if ("query", base) not in operation.parameters:
            deviates(name, key, "no parameter of the query")
    return seen


def hold_body(name, operation, sent, whole):
    if "multipart/form-data" in sent["type"]:
        parts = set(re.findall(r'(?<!file)name="([^"]*)"', sent["body"].decode("utf-8", "replace")))
        if operation.body is None:
            return deviates(name, "body", "not described")
        described = set(leaves(operation.body))
        for part in parts:
            part = re.sub(r"\[\d+\]", "[]", part)
            if part not in described and part.rpartition("[")[0] not in described:
                deviates(name, part, "no part of the form")
        return None
    if not operation.has_body:
        if sent["body"]:
            deviates(name, "body", "not described")
        return None
    if operation.body is None:
        return None
    if not sent["body"]:
        return deviates(name, "body", "not sent")
    return hold_value(name, operation.body, json.loads(sent["body"]), "", whole)


# ---- holding an action against its operation ----

def wire(field, action):
    """Where a field goes: ("body", "options.archive")."""
    path = (action.get("request") or " ").split(" ")[1]
    name = field.row.get("as") or field.name
    at = field.row.get("at")
    if not at:
        at = "path" if "{%s}" % name in path else "query" if (action.get("request") or "").startswith("GET") else "body"
    return at, name


def required_paths(schema, place=""):
    schema = shape(schema)
    for name in schema.get("required", []):
        if name not in schema.get("properties", {}):
            continue
        at = f"{place}.{name}".lstrip(".")
        yield at
        inner = shape(schema["properties"][name])
        yield from required_paths(inner["items"] if inner.get("type") == "array" else inner, at)


def enum_of(schema, path):
    for part in path.split("."):
        schema = shape(schema)
        if schema.get("type") == "array":
            schema = shape(schema["items"])
        schema = schema.get("properties", {}).get(part)
        if schema is None:
            return None
    schema = shape(schema)
    if schema.get("type") == "array":
        schema = shape(schema["items"])
    return schema.get("enum")


def hold_action(action):
    name = action["name"].split("/")[1]
    operation = COVERED[name][0]
    method, path = action["request"].split(" ")
    if method != operation.method or not operation.pattern.match(re.sub(r"\{[^}]*\}", "x", path)):
        deviates(name, "request", f"{method} {path}")
    scopes = [scope for scope in action["scopes"] if scope in operation.scopes]
    if scopes != operation.scopes or len(action["scopes"]) > len(scopes) and not merges(action):
        deviates(name, "scopes", ",".join(action["scopes"]))
    writes = {"GET": {"read"}, "PUT": {"idempotent"}, "PATCH": {"idempotent"}, "DELETE": {"idempotent"},
              "POST": {"write", "idempotent"}}[method]
    if action["effect"] not in writes:
        deviates(name, "effect", action["effect"])
    top = fields_of(action)
    needed, all_body = set(), {}

    def walk(field, place):
        all_body[place] = field
        if field.required:
            needed.add(place)
        for inner, below in field.inner.items():
            walk(below, f"{place}.{inner}")
    for field in top.values():
        at, as_name = wire(field, action)
        if at == "body":
            walk(field, as_name)
        if at == "query":
            parameter = operation.parameters.get(("query", as_name), {})
            schema = resolve(parameter.get("schema", {}))
            if schema.get("maximum") != field.row.get("max") and as_name == "limit":
                deviates(name, "limit", f"max {field.row.get('max')}")
            if "enum" in schema and field.type != "one of " + ", ".join(schema["enum"]):
                deviates(name, as_name, field.type)
    if operation.body:
        described = set(required_paths(operation.body))
        for place in described - needed:
            if not any(other.startswith(place + ".") for other in needed):
                deviates(name, place, "not required")
        for place in needed - described:
            if not any(place.startswith(other + ".") for other in needed - described):
                parent = place.rpartition(".")[0]
                if name not in PARTIAL and (parent not in all_body or parent in described or not parent):
                    deviates(name, place, "required by us")
        for place, field in all_body.items():
            words = enum_of(operation.body, place)
            if words and field.type.replace("list of ", "") != "one of " + ", ".join(map(str, words)):
                deviates(name, place, field.type)
    if operation.media == "application/json" and action.get("output"):
        hold_output(name, action, operation, top)


def merges(action):
    return any(row["name"].startswith("replace_") for row in action.get("input") or [])


def hold_output(name, action, operation, top):
    answer = operation.answer
    properties = answer.get("properties", {})
    if "_results" in properties:
        items = shape(shape(properties["_results"])["items"])
        names = {row["name"][10:] for row in action["output"] if row["name"].startswith("results[].")}
        for field in names - set(items.get("properties", {})):
            deviates(name, "output", field)
        paged = "_pagination" in properties or ("query", "page_token") in operation.parameters
        if paged != ("next" in top):
            deviates(name, "output", f"paged: {paged}")
        return
    for row in action["output"]:
        if "." not in row["name"] and "[" not in row["name"] and row["name"] not in properties:
            deviates(name, "output", row["name"])


# ---- the test ----

def main():
    open(ATTACHMENT, "w").write("text")
    actions = {a["name"].split("/")[1]: a for a in json.loads(foyer("actions", "--all", "--json"))}
    token = os.path.join(DIR, "token")
    open(token, "w").write("token")
    agency = os.path.join(DIR, "agency")
    foyer("init", agency)
    foyer("-w", agency, "connect", "acme", "--token-file", token, "--api-url", URL)
    missing = set(COVERED) - set(actions)
    if missing:
        problems.append(f"no actions: {sorted(missing)}")
    calls, with_files = [], []
    for name, action in sorted(actions.items()):
        for row in action.get("input") or []:
            if not row.get("about"):
                problems.append(f"{name}: {row['name']} has no sentence")
            if row.get("example") is None and "." not in row["name"]:
                problems.append(f"{name}: {row['name']} has no example")
        if action.get("request"):
            hold_action(action)
        top = {n: f for n, f in fields_of(action).items() if n != "next" and not n.startswith("replace_")}
        if name in BY_HAND:
            inputs = BY_HAND[name]
            sent = {field for one in inputs for field in one}
            if sent != set(top):
                problems.append(f"{name}: sends {sorted(sent ^ set(top))} never or without a field")
        else:
            inputs = [{n: f.value() for n, f in top.items()}]
        for one in inputs:
            if ATTACHMENT in json.dumps(one):
                with_files.append((name, {k: v for k, v in one.items() if k != "custom_fields" or not merges(action)}))
                one = without_files(one)
            calls.append((name, one))
    os.makedirs(os.path.join(agency, "recipes"), exist_ok=True)
    open(os.path.join(agency, "recipes/all.lua"), "w").write('''
return {
  summary = "Calls every action once.",
  options = { calls = { list = "object", required = true } },
  run = function(ctx)
    local failed = {}
    for i, one in ipairs(ctx.options.calls) do
      ctx.http.get("/mark/" .. i .. "/" .. one.name, { connection = "front" })
      local ok, err = pcall(ctx.call, "front/" .. one.name, one.input)
      if not ok then failed[#failed + 1] = one.name .. ": " .. (type(err) == "table" and err.message or tostring(err)) end
    end
    return { failed = failed }
  end,
}
''')
    options = json.dumps({"calls": [{"name": n, "input": i} for n, i in calls]})
    out = json.loads(foyer("-w", agency, "run", "all", "--client", "acme", "--input", "-", "--json", text=options))
    problems.extend((out.get("result") or {}).get("failed") or [])
    marks, at = [], []
    for request in received:
        if request["method"] == "MARK":
            at = []
            marks.append(at)
        elif marks:
            at.append(request)
    for (name, one), requests in zip(calls, marks):
        hold_requests(name, actions[name], one, requests)
    for name, one in with_files:
        del received[:]
        foyer("-w", agency, "call", "front/" + name, "--client", "acme", "--input", "-", "--json", text=json.dumps(one))
        requests = [r for r in received if r["method"] != "GET"]
        if len(requests) != 1 or "multipart/form-data" not in requests[0]["type"]:
            problems.append(f"{name}: with a file sends {[(r['method'], r['path'], r['type']) for r in requests]}")
        else:
            hold_requests(name, actions[name], one, requests)
    for key in set(DEFECTS) | set(OURS):
        if key not in used:
            problems.append(f"not needed: {key}")
    for problem in problems:
        print(problem)
    print(f"{len(actions)} actions, {len(calls) + len(with_files)} calls, {len(problems)} problems")
    return 1 if problems else 0


def without_files(value):
    if isinstance(value, dict):
        return {k: without_files(v) for k, v in value.items() if ATTACHMENT not in json.dumps(v) or isinstance(v, dict)}
    return value


def hold_requests(name, action, one, requests):
    covered = COVERED.get(name, [])
    if merges(action) and len(requests) == 2 and requests[0]["method"] == "GET":
        requests = requests[1:]
    for sent in requests:
        operation = operation_of(sent["method"], sent["path"])
        if operation not in covered:
            deviates(name, "request", f"{sent['method']} {sent['path']}")
            continue
        seen = hold_query(name, operation, sent)
        whole = bool(action.get("request")) and name not in PARTIAL and name not in BY_HAND
        hold_body(name, operation, sent, whole)
        if not whole:
            continue
        for where, parameter in operation.parameters:
            if where == "query" and parameter not in seen and parameter != "page_token":
                deviates(name, parameter, "not sent")
    if not requests:
        problems.append(f"{name}: sent nothing")


sys.exit(main())
