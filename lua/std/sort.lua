-- sort: replaces table.sort by a stable merge sort. It gives the same order in every process, takes n log n steps for
-- any input, and its comparison may wait for the network. It sorts a copy, so an error in the comparison leaves the
-- list unchanged.

local RUN = 8 -- shorter runs are sorted by insertion

-- Fails when `<` cannot compare the elements: their types differ or have no order.
local function check_types(t, n)
  local first = type(t[1])
  if first == "nil" or first == "boolean" or first == "function" then
    error("cannot sort: values of type " .. first .. " have no order; give a comparison function", 3)
  end
  for i = 2, n do
    local kind = type(t[i])
    if kind ~= first then
      error(string.format("cannot sort: element 1 is a %s and element %d is a %s; give a comparison function",
        first, i, kind), 3)
    end
  end
end

local function ascending(a, b) return a < b end

local function insertion(list, from, to, less)
  for i = from + 1, to do
    local value = list[i]
    local j = i
    while j > from and less(value, list[j - 1]) do
      list[j] = list[j - 1]
      j = j - 1
    end
    list[j] = value
  end
end

-- Merges source[from..middle] and source[middle + 1..to] into target.
local function merge(source, target, from, middle, to, less)
  if middle >= to or not less(source[middle + 1], source[middle]) then -- in order already
    table.move(source, from, to, from, target)
    return
  end
  local left, right = from, middle + 1
  for i = from, to do
    -- Take the right one only when it is less, so that equal elements keep their order.
    if left <= middle and (right > to or not less(source[right], source[left])) then
      target[i] = source[left]
      left = left + 1
    else
      target[i] = source[right]
      right = right + 1
    end
  end
end

---@generic T
---@param t T[]
---@param less? fun(a: T, b: T): boolean
return function(t, less)
  if type(t) ~= "table" then
    error("bad argument #1 to 'sort' (table expected, got " .. type(t) .. ")", 2)
  end
  if less ~= nil and type(less) ~= "function" then
    error("bad argument #2 to 'sort' (function expected, got " .. type(less) .. ")", 2)
  end
  local n = #t
  if n < 2 then return end
  if not less then
    check_types(t, n)
    less = ascending
  end
  local source, target = table.move(t, 1, n, 1, {}), {}
  for from = 1, n, RUN do insertion(source, from, math.min(from + RUN - 1, n), less) end
  local width = RUN
  while width < n do
    for from = 1, n, 2 * width do
      merge(source, target, from, math.min(from + width - 1, n), math.min(from + 2 * width - 1, n), less)
    end
    source, target = target, source
    width = 2 * width
  end
  table.move(source, 1, n, 1, t)
end
