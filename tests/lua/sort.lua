-- sort: the stable merge sort that replaces table.sort.

local std, t = ...
local sort = std.part("sort")

local function sorted(list, less)
  sort(list, less)
  return list
end

t.equal(sorted {}, {}, "empty")
t.equal(sorted { 1 }, { 1 }, "one")
t.equal(sorted { 2, 1 }, { 1, 2 }, "two")
t.equal(sorted { 3, 1.5, -2, 2 }, { -2, 1.5, 2, 3 }, "integers and floats")
t.equal(sorted { "b", "a", "B", "" }, { "", "B", "a", "b" }, "strings")
t.equal(sorted({ 1, 3, 2 }, function(a, b) return a > b end), { 3, 2, 1 }, "descending")
t.equal(select("#", sort { 2, 1 }), 0, "returns nothing, as table.sort")

-- Repeatable numbers: math.random differs from run to run.
local seed = 1
local function random(n)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed // 65536 % n + 1
end

local function counting(n, make)
  local list, calls = {}, 0
  for i = 1, n do list[i] = { key = make(i), place = i } end
  sort(list, function(a, b)
    calls = calls + 1
    return a.key < b.key
  end)
  local in_order, stable = true, true
  for i = 2, n do
    local a, b = list[i - 1], list[i]
    in_order = in_order and a.key <= b.key
    stable = stable and (a.key < b.key or a.place < b.place)
  end
  return in_order and stable and #list == n, calls
end

for n = 0, 70 do
  t.equal(counting(n, function() return random(10) end), true, n .. " elements in order and stable")
end
local n = 3000
local most = n * 13 -- n log2 n is 11.6 n
for name, make in pairs {
  random = function() return random(1000000) end,
  ascending = function(i) return i end,
  descending = function(i) return -i end,
  equal = function() return 1 end,
  saw = function(i) return i % 7 end,
  organ_pipe = function(i) return math.min(i, n - i) end,
} do
  local good, calls = counting(n, make)
  t.equal(good, true, name .. " in order and stable")
  t.equal(calls < most, true, name .. " takes n log n comparisons, not " .. calls)
end

-- Wrong comparisons: an error or some order, never a crash or a lost element
local function elements(list)
  local sum = 0
  for _, v in ipairs(list) do sum = sum + v end
  return #list .. "/" .. sum
end
for name, less in pairs {
  always = function() return true end,
  never = function() return false end,
  whim = function() return random(2) == 1 end,
  no_boolean = function() return 0 end,
  less_or_equal = function(a, b) return a <= b end,
} do
  local list = {}
  for i = 1, 100 do list[i] = i end
  sort(list, less)
  t.equal(elements(list), "100/5050", "a comparison that answers by " .. name .. " loses nothing")
end
local list = { 3, 1, 2 }
t.fails(function() sort(list, function() error("no answer") end) end, "no answer", "an error in the comparison")
t.equal(list, { 3, 1, 2 }, "leaves the list as it was")
list = { 5, 4, 3, 2, 1 }
sort(list, function(a, b)
  list[1], list[5] = nil, nil
  return a < b
end)
t.equal(list, { 1, 2, 3, 4, 5 }, "a comparison that empties the list does not hurt")
t.equal(#sorted({ 0 / 0, 2, 0 / 0, 1 }), 4, "not-a-number")

t.fails(function() sort { 1, "2" } end, "element 1 is a number and element 2 is a string", "mixed types")
t.fails(function() sort { "a", "b", { 1 } } end, "element 1 is a string and element 3 is a table", "mixed types")
t.fails(function() sort { true, false } end, "type boolean have no order", "booleans")
t.fails(function() sort { {}, {} } end, "attempt to compare two table values", "tables")
t.fails(function() sort(nil) end, "bad argument #1 to 'sort' %(table expected, got nil%)", "no table")
t.fails(function() sort({ 1 }, 1) end, "bad argument #2 to 'sort' %(function expected, got number%)", "no function")
