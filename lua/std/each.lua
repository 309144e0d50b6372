-- each: ctx.each. Gets all pages of a list action. At the end of each page the state is copied and recorded: a run
-- that was killed continues there.
local std = ...
local call, scope = std.part("call"), std.part("scope")

local limits = std.limits

local MARK = 11 -- bytes of a fingerprint

local function copy_state(state)
  local copy, bytes = std.copy(state)
  if bytes > limits.each_state_bytes then
    std.fail("limit", ("ctx.each: the state has %d bytes, more than %d"):format(bytes,
      limits.each_state_bytes))
  end
  return copy
end

-- The ids that a walk has met. KEPT, in the checkpoint, is the text of their fingerprints, each MARK bytes long.
local function ids(kept)
  local known, fresh = {}, {}
  local n = #kept // MARK
  for i = 1, n do known[kept:sub((i - 1) * MARK + 1, i * MARK)] = true end
  local set = {}

  -- Adds ID. Returns whether it is new.
  function set.add(id)
    if math.type(id) == "float" then id = math.tointeger(id) or id end
    local mark = std.fingerprint(id)
    if known[mark] then return false end
    if n >= limits.each_unique then
      std.park("limit", ("ctx.each: this walk has met %d different ids, and `unique` remembers %d; cancel the run and "
        .. "walk less at a time (a filter, a span of dates), or leave `unique` out"):format(n + 1, limits.each_unique))
    end
    n = n + 1
    known[mark] = true
    fresh[#fresh + 1] = mark
    return true
  end

  -- Returns the text for the checkpoint.
  function set.keep()
    kept = kept .. table.concat(fresh)
    fresh = {}
    return kept
  end

  return set
end

-- Gets the pages from WHERE on = {input, state, pages, items, seen}. Returns the last state.
local function walk(action, where, fn, unique, guard, on_page)
  local seen_pages = {}
  local seen = unique and ids(where.seen or "")
  local state = where.state
  while true do
    local page = call.action(action, where.input, true)
    if type(page) ~= "table" or type(page.results) ~= "table" then
      std.fail("script", ("ctx.each: %s returns no {results, next}"):format(action))
    end
    where.pages = where.pages + 1
    if on_page then on_page(page) end
    for _, item in ipairs(page.results) do
      where.items = where.items + 1
      local id = unique and item[unique]
      if not unique or id == nil or id == json.null or seen.add(id) then
        if fn(item, state) == false then return copy_state(state) end
      end
    end
    state = copy_state(state)
    if page.next == nil or page.next == json.null then return state end
    if seen_pages[page.next] then
      std.fail("invalid", ("ctx.each: %s named the same next page twice"):format(action))
    end
    if where.pages >= limits.each_pages or where.items >= limits.each_items then
      std.fail("limit", ("ctx.each: %s has more than %d pages or %d items"):format(action,
        limits.each_pages, limits.each_items))
    end
    seen_pages[page.next] = true
    where.input, where.state = { next = page.next }, state
    where.seen = seen and seen.keep()
    std.page(guard, where)
  end
end

-- fn(item, state) may return false to stop. ON_PAGE gets each page before its items. Returns the state.
return function(action, input, state, fn, more, on_page)
  if type(state) == "function" then
    std.fail("script", "ctx.each(action, input, state, function(item, state) … end): the state "
      .. "comes before the function; {} will do")
  end
  if type(fn) ~= "function" then
    std.fail("script", "ctx.each: the fourth argument is the function that gets each item")
  end
  local first = {
    input = input == nil and {} or input, state = copy_state(state == nil and {} or state), pages = 0, items = 0,
  }
  local name = "each " .. tostring(action)
  local result, failure, raised = scope.run(name, function() return std.enter_each(name, first) end,
    std.leave_each, function(where, guard)
      return walk(action, where, fn, more and more.unique, guard, on_page)
    end)
  if raised ~= nil then error(raised, 0) end
  if failure then std.fail(failure.kind, failure.message, failure) end
  return result
end
