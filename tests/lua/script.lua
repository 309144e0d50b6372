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
for _, name in ipairs { "", "x", "front/", "/x", "front/../x", "front/a/b", "../front/x", "front/.x",
                        "front/x\0y", "front/x.lua/" } do
  t.fails(function() script.get("action", name) end, "there is no action", "no action is called " .. name)
end
t.fails(function() script.get("action", {}) end, "there is no action", "a table is no name")
t.fails(function() script.get("recipe", "../foyer") end, "there is no recipe", "a recipe elsewhere")

local names = {}
for _, name in ipairs(script.names("action")) do names[name] = true end
t.equal(names["front/layered"] and names["front/list-inboxes"], true, "all layers' names")
