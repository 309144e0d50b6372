-- ctx.each: pages, state, limits.

local std, t = ...
local each = std.part("each")

local function walk(input, state, options, stop)
  local seen = {}
  local result = each("front/count", input, state, function(item, s)
    seen[#seen + 1] = item.id
    if s.n then s.n = s.n + 1 end
    if stop and #seen == stop then return false end
  end, options)
  return seen, result
end

local seen, state = walk({ last = 3 }, { n = 0 })
t.equal(seen, { 0, 1, 1, 2, 2, 3, 3, 4 }, "each: every item of every page")
t.equal(state, { n = 8 }, "each: the state is returned")
t.equal((walk({ last = 3 }, {}, { unique = "id" })), { 0, 1, 2, 3, 4 }, "each: unique drops what moved")
t.equal((walk({ last = 3 }, {}, nil, 3)), { 0, 1, 1 }, "each: false stops")
t.equal((walk({ last = 0 }, {})), { 0, 1 }, "each: one page")
t.equal((walk({ last = 0 }, nil)), { 0, 1 }, "each: no state")

t.fails(function() walk({ same = true, next = -1 }, {}) end, "named the same next page twice", "each: a loop of pages")
t.fails(function() each("front/do", { what = "return" }, {}, function() end) end, "returns no {results, next}",
  "each: no list action")
t.fails(function() each("front/count", {}, function() end) end, "the state comes before the function",
  "each: forgotten state")
t.fails(function() each("front/count", {}, {}) end, "the fourth argument is the function", "each: forgotten function")
t.fails(function() each("front/count", {}, { f = pcall }, function() end) end, "a function", "each: state is data")
t.fails(function()
  each("front/count", {}, {}, function(_, s) s.text = ("x"):rep(70000) end)
end, "more than 65536", "each: a large state")
t.fails(function() each("front/count", {}, {}, function() error("stop", 0) end) end, "^stop$", "each: an error within")

local given = { list = { 1 } }
local result = each("front/count", { last = 0 }, given, function(_, s) s.list[1] = 2 end)
t.equal(given, { list = { 1 } }, "each: the given state is copied")
t.equal(result, { list = { 2 } }, "each: the result is the copy")
