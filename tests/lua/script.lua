-- script: the nearest layer, super, and the keys of a definition.

local std, t = ...
local script, call = std.part("script"), std.part("call")

local action, info = script.get("action", "front/layered")
t.equal(action.summary, "From the client.", "the nearest layer's field")
t.equal(action.effect, "read", "an inherited field")
t.equal(action.scopes, { "c" }, "lists are replaced")
t.equal(action.input.text.default, "w", "maps are merged")
t.equal(action.input.count, { "integer", default = 3, max = 5 }, "… deeply, positions kept")
t.equal(action.input.extra.default, true, "… with new fields")
t.equal(info.path, "clients/acme/lua/front/actions/layered.lua", "where it is from")
t.equal(info.below.path, "lua/front/actions/layered.lua", "what it lies over")
t.equal(call.action("front/layered", { text = "x" }),
  { text = "x+true base", count = 3, list = { 1, 2 }, over = "Acme" }, "base is the inherited function")
t.equal(call.action("front/layered"), { text = "w+true base", count = 3, list = { 1, 2 }, over = "Acme" },
  "defaults of both layers")
t.fails(function() call.action("front/layered", { count = 6 }) end, "6 is more than 5", "inherited limits")

t.fails(function() script.get("action", "front/orphan") end, "super has nothing to change", "super over nothing")
t.fails(function() script.get("action", "front/number") end, "returns one table", "a script that returns a number")
t.fails(function() script.get("action", "front/wrong-super") end, "super takes one table", "super of a number")
t.fails(function() script.get("action", "front/typo") end, "actions/typo%.lua:%d+: ", "a mistake has file and line")
t.equal(t.fails(function() script.get("action", "front/do-it") end, "there is no action").kind, "not_found",
  "no such action")
t.fails(function() script.get("action", "front/layerd") end, "did you mean \"front/layered\"", "a near one")
t.fails(function() script.get("action", "front/tag-conversation") end, "did you mean \"front/add%-conversation%-tag\"",
  "its words in another order")
t.fails(function() script.get("action", "front/list-contact") end, "did you mean \"front/list%-contacts\"",
  "a slip goes before a name with more words")
for _, name in ipairs { "", "x", "front/", "/x", "front/../x", "front/a/b", "../front/x", "front/.x",
                        "front/x\0y", "front/x.lua/" } do
  t.fails(function() script.get("action", name) end, "there is no action", "no action is called " .. name)
end
t.fails(function() script.get("action", {}) end, "there is no action", "a table is no name")
t.fails(function() script.get("recipe", "../foyer") end, "there is no recipe", "a recipe elsewhere")

local function mistakes(field)
  local found = {}
  std.part("definition").check("action", { summary = "s", effect = "read", run = tostring, input = { x = field } },
    function(path, sentence) found[#found + 1] = path .. ": " .. sentence end)
  return found
end
t.equal(mistakes({ list = "inbox", default = { "vip" } }), {}, "a default of names that only some clients have")
t.equal(mistakes({ "inbox", default = "vip" }), {}, "one name")
t.equal(mistakes({ "inbox", default = 5 }), { "input.x.default: 5 is not an inbox id" }, "a default that is no name")
t.equal(mistakes({ "list" }), { "input.x: unknown type \"list\"; a list is { list = \"string\" }" }, "a list as a type")

local names = {}
for _, name in ipairs(script.names("action")) do names[name] = true end
t.equal(names["front/layered"] and names["front/list-inboxes"], true, "all layers' names")
