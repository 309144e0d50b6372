-- ctx.call: scopes, copies, and errors that pass from one script to another.

local std, t = ...
local call = std.part("call")

local function run(what, value) return call.action("front/do", { what = what, value = value }) end

-- copies

local value = { a = 1, list = {}, empty = json.array(), null = json.null, deep = { { x = 1.5 } } }
local back = run("change", value)
t.equal(value.changed, nil, "call: the callee has a copy")
t.equal(back.changed, true, "call: and returns it")
t.equal({ t.is_list(back.empty), t.is_list(back.list), back.null == json.null }, { true, false, true },
  "call: lists, objects and null survive")
t.equal(math.type(run("return", 5)), "integer", "call: integers stay")
t.equal(math.type(run("return", 5.0)), "float", "call: floats stay")
t.equal(run("return", nil), nil, "call: nothing is nothing")
t.equal(run("return", false), false, "call: false is false")
t.equal(run("return", { ["$secret"] = "acme.key", ["$$x"] = 1, ["$"] = 2 }),
  { ["$secret"] = "acme.key", ["$$x"] = 1, ["$"] = 2 }, "call: keys with $ are data")
t.fails(function() run("return", { f = pcall }) end, "front/do: its input.*a function", "call: functions do not cross")
local cycle = {}
cycle.cycle = cycle
t.fails(function() run("return", cycle) end, "too many levels", "call: cycles do not cross")
t.fails(function() run("return", { 1, nil, 3 }) end, "holes", "call: holes do not cross")
t.fails(function() run("return", "\xff") end, "UTF%-8", "call: bytes do not cross")
local first = run("kept")
t.equal(run("kept"), first + 1, "call: a script is loaded once in an attempt")

-- errors

local raised = { kind = "conflict", message = "m", status = 409, details = { "d" }, other = 1 }
local e = t.fails(function() run("raise", raised) end, "^m$", "call: a raised table")
t.equal({ e.kind, e.message, e.status, e.details, e.other }, { "conflict", "m", 409, { "d" } }, "call: its fields")
t.equal(tostring(e), "m", "call: as text")
t.equal(t.fails(function() run("raise", "plain") end, "^plain$").kind, "script", "call: a raised text")
t.fails(function() run("text") end, "lua/front/actions/do%.lua:%d+: at a line", "call: its line")
t.equal(t.fails(function() run("raise", { kind = "none such", message = "m" }) end, "^m$").kind ~= nil, true,
  "call: an unknown kind")
t.equal(t.fails(function() run("raise", {}) end, "without a message").kind, "script", "call: an empty table")
t.fails(function() run("raise", 5) end, "front/do raised a number instead of a text", "call: a raised number")
t.fails(function() run("function") end, "cannot return from front/do", "call: a function as result")
t.fails(function() run("raise", { message = ("ä"):rep(5000) }) end, "^ä", "call: a long message")
t.equal(utf8.len(t.fails(function() run("raise", { message = ("€"):rep(5000) }) end, ".").message) ~= nil, true,
  "call: … is cut between characters")
t.equal(t.fails(function() call.action("front/do", { wat = 1 }) end, "cannot call front/do: input: unknown key").kind,
  "invalid", "call: a wrong input")
t.equal(t.fails(function() call.action("front/do", 5) end, "is not a table").kind, "invalid", "call: a number as input")
t.fails(function() call.action("front/do") end, "\"what\" is missing", "call: no input")
t.fails(function() call.action(nil) end, "there is no action", "call: no name")

-- depth

t.equal(call.action("front/do", { what = "nest", depth = 15 }), "bottom", "call: 16 deep")
t.equal(t.fails(function() call.action("front/do", { what = "nest", depth = 16 }) end,
  "cannot call deeper than 16 scripts").kind, "limit", "call: 17 deep")
t.equal(call.action("front/do", { what = "nest", depth = 15 }), "bottom", "call: 16 deep again")
