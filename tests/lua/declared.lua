-- Actions that declare their request: where the fields of the input go, and what is refused.

local std, t = ...
local declared = std.part("declared")

local sent
function std.send(request)
  sent = request
  return { ok = true }
end

-- Returns the request of ACTION for INPUT.
local function request(action, input)
  action.effect = action.effect or "write"
  declared.complete(action)
  sent = nil
  action.run({}, input)
  return sent
end

-- Where fields go.
local FIELDS = {
  id = { "string", required = true }, tags = { list = "string" }, archive = { "boolean", as = "options.archive" },
  tag = { "string", as = "options.tag" }, dry = { "boolean", at = "query" },
  key = { "string", at = "header", as = "X-Key" },
}
t.equal(request({ request = { "POST", "/things/{id}/tags" }, input = FIELDS },
  { id = "a/b c?", tags = { "x", "y" }, archive = false, tag = "t", dry = true, key = 5.0 }),
  { method = "POST", url = "/things/a%2Fb%20c%3F/tags", query = { dry = true }, headers = { ["X-Key"] = "5" },
    body = { tags = { "x", "y" }, options = { archive = false, tag = "t" } } },
  "fields go into path, query, headers and body")
t.equal(request({ request = { "POST", "/" }, input = { tags = { list = "number", at = "header", as = "X-Tags" } } },
  { tags = { 5.0, 1.5 } }).headers, { ["X-Tags"] = "5,1.5" }, "a list in a header")
local round = {}
round.round = round
t.equal(request({ request = { "POST", "/" }, input = { round = { "any" } } }, { round = round }).multipart, nil,
  "a table that holds itself has no file")
t.equal(request({ request = { "POST", "/things/{id}" }, input = { thing_id = { "string", at = "path", as = "id" } } },
  { thing_id = "1" }).url, "/things/1", "a field of another name than its place")
t.equal(request({ request = { "GET", "/{a}/{b}" }, input = { a = { "integer" }, b = { list = "string" } } },
  { a = 7.0, b = { "x,y", "z" } }).url, "/7/x%2Cy,z", "numbers and lists in a path")
t.equal(request({ request = { "GET", "/a" }, effect = "read", input = {
  statuses = { list = "string", as = "q[statuses][]" }, after = { "time", as = "q[after]" },
  at = { "time" }, times = { list = "time" } } },
  { statuses = { "x", "y" }, after = 1700000000.0, at = 1.5, times = { 2.0, 2.25 } }).query,
  { ["q[statuses][]"] = { "x", "y" }, ["q[after]"] = 1700000000, at = "1.500", times = { 2, "2.250" } },
  "the query of a GET: lists, names, times")
t.equal(request({ request = { "PATCH", "/a" }, input = { none = { "string", nullable = true } } },
  { none = json.null }).body, { none = json.null }, "null in a body")
t.equal(request({ request = { "PUT", "/a" }, input = { items = { list = "string", as = "*" } } },
  { items = { "x" } }).body, { "x" }, "a field that is the whole body")

-- Bodies.
for _, case in ipairs({
  { "POST", nil, {}, {} }, { "POST", "none", {}, nil }, { "PUT", nil, {}, {} }, { "DELETE", nil, {}, nil },
  { "DELETE", nil, { ids = { list = "string" } }, {} }, { "GET", nil, {}, nil },
}) do
  local got = request({ request = { case[1], "/a" }, body = case[2], input = case[3] }, {})
  t.equal(got.body, case[4], ("the body of a %s without values"):format(case[1]))
end
t.equal(request({ request = { "DELETE", "/a" }, input = { ids = { list = "string" } } }, { ids = { "x" } }).body,
  { ids = { "x" } }, "the body of a DELETE")
t.equal(request({ request = { "POST", "/a" }, effect = "read", input = {} }, {}).reads, true, "a POST that reads")
t.equal(request({ request = { "POST", "/a" }, effect = "write", input = {} }, {}).reads, nil, "a POST that writes")

-- Refused values.
for _, value in ipairs({ "", ".", ".." }) do
  t.fails(function() request({ request = { "GET", "/{a}" }, input = { a = { "string" } } }, { a = value }) end,
    "cannot stand in a path", ("a segment %q"):format(value))
end
t.fails(function() request({ request = { "GET", "/{a}" }, input = { a = { "string" } } }, {}) end, "\"a\" is missing")
t.fails(function() request({ request = { "POST", "/a" }, input = {} }, { other = 1 }) end, "unknown key \"other\"")

-- Lists.
local LIST = { request = { "GET", "/{a}" }, effect = "read",
  output = { results = { list = "object" }, next = { "string" } },
  input = { a = { "string", required = true }, q = { "string" }, limit = { "integer" } } }
t.equal(request(LIST, { a = "1", limit = 3 }), { method = "GET", url = "/1", query = { limit = 3 } }, "the first page")
t.equal(request(LIST, { next = "https://x.example/1?p=2", limit = 3 }),
  { method = "GET", url = "https://x.example/1?p=2" },
  "the next page, with a limit that does not count")
t.fails(function() request(LIST, { next = "https://x.example/", q = "x" }) end, "q does not go with next")
t.equal(declared.fields(LIST, { next = "x" }).a, nil, "no other field is needed with next")

-- What is merged.
local MERGE = { request = { "PATCH", "/things/{id}" }, merge = { field = "more", from = "GET /things/{id}/all" },
  input = { id = { "string", required = true }, name = { "string" }, more = { "object", as = "data.more" } } }
t.equal(request(MERGE, { id = "a b", more = { x = 1 } }),
  { method = "PATCH", url = "/things/a%20b", body = { data = { more = { x = 1 } } },
    merge = { from = "/things/a%20b/all", at = "data.more" } }, "a field is merged with what is read")
t.equal(request(MERGE, { id = "1", name = "n" }).merge, nil, "nothing is read without the field")
t.equal(request(MERGE, { id = "1", more = { x = 1 }, replace_more = true }),
  { method = "PATCH", url = "/things/1", body = { data = { more = { x = 1 } } } }, "a field is replaced")
t.equal(request(MERGE, { id = "1", more = { x = 1 }, replace_more = false }).merge ~= nil, true, "or merged")
t.equal(type(MERGE.input.replace_more), "table", "the input gets the field that says so")

-- The check.
local function mistakes(def)
  local found = {}
  def.effect, def.summary = def.effect or "write", "s"
  std.part("definition").check("action", def, function(path, sentence) found[#found + 1] = path .. ": " .. sentence end)
  return found
end
local function mistake(def, pattern)
  local found = mistakes(def)
  t.equal(#found, 1, pattern .. ": one mistake, not " .. table.concat(found, " | "))
  t.equal(found[1] ~= nil and found[1]:find(pattern, 1, true) ~= nil, true, pattern .. ": " .. tostring(found[1]))
end
local ID = { "string", required = true }

t.equal(mistakes({ request = { "POST", "/things/{id}/tags" }, input = FIELDS }), {}, "a sound action")
mistake({ request = { "POST", "/a/{thing_id}" }, input = { thing_ids = { "string" } } },
  "request: the path /a/{thing_id} has {thing_id}, but the input has no field \"thing_id\"; did you mean {thing_ids}?")
mistake({ request = { "POST", "/a/{id}" } }, "add id = { \"string\", required = true } to the input")
mistake({ request = { "POST", "/a/{id}" }, input = { id = { "string" } } },
  "input.id: stands in the path /a/{id}, so it is")
mistake({ request = { "POST", "/a" }, input = { id = { "string", at = "path" } } }, "but the path /a has no {id}")
mistake({ request = { "POST", "/a" }, input = { id = { "string", at = "querry" } } },
  "input.id.at: unknown place \"querry\"; did you mean \"query\"?")
mistake({ request = { "GET", "/a" }, input = { id = { "string", at = "body" } } }, "but a GET has none")
mistake({ request = { "GET", "/a" }, input = { f = { "file" } } }, "input.f: is a file, which goes into a body")
mistake({ request = { "POST", "/a" }, input = { f = { "object", at = "query" } } },
  "is an object, which goes into a body")
mistake({ request = { "GET", "/a" }, input = { f = { "string", nullable = true } } }, "only a body can have a null")
mistake({ request = { "POST", "/a" }, body = "none", input = { b = { "string" } } }, "body = \"none\" says")
mistake({ request = { "POST", "/a" }, body = "empty" }, "body: is \"none\" for a request without a body")
mistake({ body = "none", run = type }, "body: belongs to a `request`, and the action has none")
mistake({ request = { "POST", "/a" }, input = { x = { "string" }, y = { "string", as = "x" } } },
  "input.y: goes to the same place as x: \"x\" in the body")
mistake({ request = { "POST", "/a" }, input = { o = { "object" }, y = { "string", as = "o.y" } } },
  "input.y: goes to \"o.y\", which is below \"o\", the place of o")
mistake({ request = { "POST", "/a" }, input = { o = { "object", as = "*" }, y = { "string" } } }, "o is the whole body")
mistake({ request = { "POST", "/a" }, input = { f = { "file", as = "*" } } }, "input.f: is a file, which cannot be")
mistake({ request = { "POST", "/a" }, input = { y = { "string", as = "o..y" } } }, "input.y.as: \"o..y\" is not a name")
mistake({ request = { "POST", "/a" }, input = { o = { object = { y = { "string", at = "query" } } } } },
  "input.o.object.y.at: has no effect here")
mistake({ run = type, input = { y = { "string", as = "z" } } },
  "input.y.as: has no effect here: the action has no `request`")
mistake({ request = { "post", "/a" } }, "unknown method \"post\"; did you mean \"POST\"?")
mistake({ request = { "POST", "a" } }, "the path \"a\" does not begin with \"/\"")
mistake({ request = { "POST", "/a?b=1" } }, "has a query or a space")
mistake({ request = { "POST", "/a/{id" }, input = {} }, "has a brace that is not part of {name}")
mistake({ request = { "POST" } }, "must be { METHOD, PATH }")
mistake({ request = "POST /a" }, "must be { METHOD, PATH }")
local function merging(merge)
  return { request = { "PATCH", "/a/{id}" }, input = { id = ID, more = { "object" }, s = { "string" } }, merge = merge }
end
t.equal(mistakes(merging({ field = "more", from = "GET /a/{id}" })), {}, "a sound merge")
mistake(merging({ field = "mor", from = "GET /a/{id}" }), "merge.field: must name a field of the input")
mistake(merging({ field = "s", from = "GET /a/{id}" }), "merge.field: names s, which is not an object in the body")
mistake(merging({ field = "more", from = "/a/{id}" }), "merge.from: must be what is read before the write")
mistake(merging({ field = "more", from = "GET /a/{ids}" }),
  "has {ids}, but the path /a/{id} has no {ids}; did you mean")
mistake(merging({ field = "more", from = "GET /a", form = 1 }),
  "merge.form: unknown key \"form\"; did you mean \"from\"?")
mistake({ merge = {}, run = type }, "merge: belongs to a `request`")
mistake({ request = { "DELETE", "/a" }, effect = "read" }, "effect: is \"read\", but the request is a DELETE")
mistake({ request = { "POST", "/a" }, input = { ID, a = { "string" } } }, "input: fields have names")
mistake({ effect = "read" }, "run: is missing: what it sends, request =")
t.equal(mistakes({ request = { "GET", "/{id}" }, effect = "read", input = { id = ID, next = { "string" } },
  output = { results = { list = "object" }, next = { "string" } } }), {}, "a list may describe its next")

-- The sources of a run in flight know no `request`: the check, which is always today's, completes the definition.
local older = { summary = "s", effect = "read", request = { "GET", "/a" }, input = {} }
std.part("definition").require("action", older, {})
older.run({}, {})
t.equal(sent.url, "/a", "an older source calls a declared action")

-- Overrides: the request and the fields of the merged definition are sent.
local override = std.part("override")
local base = { request = { "POST", "/a" }, input = { x = { "string" } } }
t.equal(request(override(base, { request = { "POST", "/b" }, input = { y = { "string", as = "z" } } }),
  { x = "1", y = "2" }), { method = "POST", url = "/b", body = { x = "1", z = "2" } },
  "a layer changes the request and adds a field")
t.equal(request(override(override(base, { input = { y = { "string" } } }), {
  run = function(ctx, input, inherited)
    input.y = "over"
    return inherited(ctx, input)
  end,
}), { x = "1" }).body, { x = "1", y = "over" }, "base of an action without run sends its request")
local with_run = { request = { "POST", "/a" }, input = { x = { "string" } }, run = function(ctx, input, send)
  input.x = input.x .. "!"
  return send(ctx, input)
end }
local top = override(override(with_run, { run = function(ctx, input, inherited) return inherited(ctx, input) end }),
  { run = function(ctx, input, inherited) return inherited(ctx, input) end, input = { x = { "string", as = "z" } } })
t.equal(request(top, { x = "1" }).body, { z = "1!" }, "base of an action with request and run is its run")
