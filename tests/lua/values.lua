-- values: a value against fields. cli_args: the command line's arguments.

local std, t = ...
local values = std.part("values")
local client = std.client()

local function apply(fields, value) return values.apply(fields, value, "input", client) end

local function good(field, value, want, what)
  t.equal(apply({ x = field }, { x = value }).x, want, what)
end

local function bad(field, value, pattern, what)
  t.equal(t.fails(function() apply({ x = field }, { x = value }) end, pattern, what).kind, "invalid", what)
end

good({ "string" }, "a", "a", "a string")
good({ "string" }, 5, "5", "a number as a string")
bad({ "string" }, true, "input%.x: true is not text", "a boolean is no string")
bad({ "string" }, {}, "a table is not text", "a table is no string")
bad({ "string", min = 2 }, "ä", "1 is less than 2 characters", "length in characters")
bad({ "string", max = 2 }, "äöü", "3 is more than 2 characters", "too long")
good({ "integer" }, 5.0, 5, "an integral float")
t.equal(math.type(apply({ x = { "integer" } }, { x = 5.0 }).x), "integer", "… becomes an integer")
bad({ "integer" }, 5.5, "not a whole number", "a fraction")
bad({ "integer" }, "5", "not a whole number", "a text as an integer")
bad({ "integer" }, 0 / 0, "not a whole number", "NaN as an integer")
bad({ "integer", min = 1, max = 3 }, 0, "0 is less than 1", "too small")
bad({ "integer", min = 1, max = 3 }, 4, "4 is more than 3", "too large")
good({ "number" }, 1.5, 1.5, "a number")
bad({ "number" }, "1.5", "not a number", "a text as a number")
good({ "boolean" }, false, false, "false is a value")
bad({ "boolean" }, "no", "neither true nor false", "a word as a boolean")
good({ enum = { "a", 2 } }, 2, 2, "one of")
bad({ enum = { "a", 2 } }, "2", "is not one of a, 2", "none of")
good({ list = "string" }, { "a", 1 }, { "a", "1" }, "a list")
good({ list = "string" }, {}, {}, "an empty list")
t.equal(t.is_list(apply({ x = { list = "string" } }, { x = {} }).x), true, "… stays a list")
bad({ list = "string" }, "a", "is not a list", "a text as a list")
bad({ list = "string" }, { a = 1 }, "is not a list", "an object as a list")
bad({ list = { "integer", min = 1 } }, { 1, 0 }, "x%[2%]: 0 is less", "an item of a list")
bad({ list = "string", max = 1 }, { "a", "b" }, "2 is more than 1 items", "too many items")
good({ object = { a = { "string", default = "d" } } }, {}, { a = "d" }, "an object's default")
bad({ object = { a = { "string" } } }, { b = 1 }, "unknown key \"b\"", "an object's unknown key")
bad({ object = { a = { "string", required = true } } }, {}, "\"a\" is missing %(string%)", "an object's missing key")
good({ "any" }, { a = { 1 } }, { a = { 1 } }, "anything")
good({ "time" }, "1970-01-01T00:01:00Z", 60, "a time")
good({ "time" }, 60, 60, "a time in seconds")
bad({ "time" }, "20260101", "input%.x: cannot read the time \"20260101\"", "a date without separators")
bad({ "time" }, "soon", "input%.x: cannot read the time \"soon\"", "a word as a time")
bad({ "object" }, "x", "is not an object", "a text as an object")

-- names for ids

good({ "inbox" }, "inb_7", "inb_7", "an id")
good({ "inbox" }, "support", "inb_1", "a name for an id")
good({ "teammate" }, "leela", "alt:email:leela@acme.example", "a name for an alias")
good({ "teammate" }, "alt:email:x@y.example", "alt:email:x@y.example", "an alias")
bad({ "inbox" }, "suport", "did you mean \"support\"", "a misspelled name")
bad({ "inbox" }, "cnv_1", "is a conversation id; an inbox id starts with \"inb_\"", "another kind of id")
bad({ "inbox" }, 5, "is not an inbox id", "a number as an id")
bad({ "inbox" }, "support,inb_2", "a name has no comma; give each of several by itself, as in key=a key=b$",
  "two names")
bad({ "contact" }, "ada", "it starts with \"crd_\", or is an alias %(\"alt:…\"%)$", "a word as a contact")
bad({ "contact" }, "a@b.example", "did you mean \"alt:email:a@b.example\"%?$", "an address as a contact")
bad({ "teammate" }, "a@b.example", "did you mean \"alt:email:a@b.example\"%?$", "an address as a teammate")
good({ list = "inbox" }, { "support", "inb_2" }, { "inb_1", "inb_2" }, "names in a list")

-- keys, defaults, null

t.fails(function() apply({ limit = { "integer" } }, { limt = 1 }) end, "did you mean \"limit\"", "a near key")
t.fails(function() apply({ limit = { "integer" } }, { q = 1 }) end, "it takes limit", "an unknown key")
t.fails(function() apply({}, { q = 1 }) end, "it takes none", "no keys at all")
t.fails(function() apply({}, "x") end, "is not a table", "no table")
t.fails(function() apply({ a = { "string", required = true } }, {}) end, "\"a\" is missing", "a missing key")
t.equal(apply({ a = { "integer", default = 3 } }, {}), { a = 3 }, "a default")
t.equal(apply({ a = { "inbox", default = "support" } }, {}), { a = "inb_1" }, "a default is a value like others")
t.equal(apply({ a = { "boolean", default = true } }, { a = false }), { a = false }, "false against a default")
t.equal(apply({ a = { "integer", default = 3 } }, { a = json.null }), {}, "null says none, also against a default")
t.fails(function() apply({ a = { "integer", required = true } }, { a = json.null }) end, ".", "null for a required one")
local original = { list = { 1 } }
local applied = apply({ list = { list = "integer" } }, original)
applied.list[1] = 2
t.equal(original.list[1], 1, "what was given is not changed")

-- words

local fields = { n = { "integer" }, s = { "string" }, b = { "boolean" }, l = { list = "integer" }, f = { "number" },
  o = { object = { a = { "integer" }, l = { list = "string" } } }, e = { enum = { 1, "x" } }, any = { "any" },
  rows = { list = { object = { n = { "integer" }, tags = { list = "string" } } } }, free = { "object" },
  at = { "time" } }

local function words_into(input, ...)
  local list = {}
  for i, word in ipairs { ... } do
    local key, op, value = word:match("^([^:=]+)(:?=)(.*)$")
    list[i] = { key = key, op = op, value = value }
  end
  return std.part("cli_args")(fields, list, input)
end

local function words(...) return words_into({}, ...) end

t.equal(words("n=5", "s=5", "b=yes", "f=1.5"), { n = 5, s = "5", b = true, f = 1.5 }, "typed by their fields")
t.equal(words("b=off"), { b = false }, "false is a word")
t.equal(words("n=x"), { n = "x" }, "what is no number is left to the check")
t.equal(words("l=1"), { l = { 1 } }, "one word for a list")
t.equal(words("l=1", "l=2"), { l = { 1, 2 } }, "two words for a list")
t.equal(words("o.a=1", "o.l=x", "o.l=y"), { o = { a = 1, l = { "x", "y" } } }, "nested words")
t.equal(words("e=1"), { e = 1 }, "an enumeration's own type")
t.equal(words('any:={"a":[1]}'), { any = { a = { 1 } } }, "JSON")
t.equal(words('free={"a":[1]}'), { free = { a = { 1 } } }, "an object is JSON without the colon, too")
t.equal(words("free={a"), { free = "{a" }, "what is no JSON is left to the check")
t.equal(words("l:=[1,2]"), { l = { 1, 2 } }, "JSON for a list")
t.equal(t.fails(function() words("any:={") end, "cannot read any:=").kind, "usage", "bad JSON")
for word, when in pairs { ["1767225600"] = 1767225600, ["1767225600.5"] = 1767225600.5, ["123456789"] = 123456789 } do
  t.equal(words("at=" .. word), { at = when }, word .. " is a moment in Unix seconds")
end
-- not times of 1970
for _, word in ipairs { "20260101", "2026", "202601", "12345678.5", "-1767225600", "0x7fffffff", "1e9" } do
  local at = words("at=" .. word).at
  t.equal(at, word, word .. " is no moment")
  t.equal(t.fails(function() values.apply(fields, { at = at }, "input", client) end, "input%.at", word).kind,
    "invalid", word .. " is refused")
end
t.equal(words("at=2026-01-01").at, "2026-01-01", "a date keeps its separators")
t.equal(words("unknown=1"), { unknown = "1" }, "unknown words are left to the check")

-- a list's items by their numbers

t.equal(words("rows.1.n=1", "rows.1.tags=a", "rows.1.tags=b", "rows.2.n=2"),
  { rows = { { n = 1, tags = { "a", "b" } }, { n = 2 } } }, "items are typed by their fields")
t.equal(json.is_array(words("rows.1.n=1").rows), true, "items make a list")
t.equal(words("l.1=4", "l.2=5"), { l = { 4, 5 } }, "plain items")
t.equal(words("o.l.1=x"), { o = { l = { "x" } } }, "a list in an object")
t.equal(words('rows:=[{"n":1}]', "rows.1.tags=a", "rows.2.n=2"), { rows = { { n = 1, tags = { "a" } }, { n = 2 } } },
  "items of a list in JSON")
t.equal(words('free:={"x":[{}]}', "free.x.1.y=z"), { free = { x = { { y = "z" } } } }, "a list that no field names")
t.equal(words("free.1.x=y"), { free = { ["1"] = { x = "y" } } }, "where no list is, a number is a name")
local function refused(pattern, ...)
  local given = { ... }
  local e = t.fails(function() words(table.unpack(given)) end, pattern, "refused: " .. given[#given])
  t.equal(e.kind, "usage", "refused: " .. given[#given])
end
refused("^cannot read rows%.2%.n=…: rows has 0 so far, so the next is rows%.1$", "rows.2.n=1")
refused("rows has 1 so far, so the next is rows%.2", 'rows:=[{"n":1}]', "rows.3.n=1")
refused("^cannot read rows%.n=…: rows is a list: give an item's number, as in rows%.1$", "rows.n=1")
refused("rows is a list", "rows.0.n=1")
refused("rows is a list", "rows.01.n=1")
refused("rows is a list", "rows.-1.n=1")
refused("rows%.1%.tags is a list", "rows.1.tags.x=1")

-- names with an empty part, or below a value

refused("^cannot read free%.A%.%.B=…: a part of the name is empty; if a name holds dots, give the object as JSON: "
  .. "free:='{\"A%.%.B\": …}'$", "free.A..B=x")
refused("free:='{\"A%.\": …}'", "free.A.=x")
refused("cannot read %.s=…: a part of the name is empty$", ".s=x")
refused("it names no field", "..=x")
refused("^cannot read any%.x=…: any has a value, so it cannot have names; give one of the two$", "any=1", "any.x=2")

-- added to an existing input

t.equal(words_into({ free = { a = 1 }, s = "x", l = json.array({ 1 }) }, "free.b=2", "s=y", "l=2"),
  { free = { a = 1, b = "2" }, s = "y", l = { 2 } }, "a key replaces, a.b adds")
t.equal(words_into({ rows = json.array({ { n = 1 } }), o = json.null }, "rows.1.n=2", "rows.2.n=3", "o.a=1"),
  { rows = { { n = 2 }, { n = 3 } }, o = { a = 1 } }, "items of a list that is there; null makes room")
t.fails(function() words_into({ s = "x" }, "s.y=1") end, "s has a value", "a value that is there is not dropped")
t.equal(words_into({ s = "x" }, "s=1", "s=2"), { s = { "1", "2" } }, "a repeated key is a list, without what was there")
