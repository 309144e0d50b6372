-- each: walks all pages of a list action. STATE is plain data, copied at each page's end: that
-- is where a killed run will go on.
local std = ...
local call = std.part("call")

local limits = std.limits

local function copy_state(state)
  local copy, bytes = std.copy(state)
  if bytes > limits.each_state_bytes then
    std.fail("limit", ("ctx.each: the state has %d bytes, more than %d"):format(bytes,
      limits.each_state_bytes))
  end
  return copy
end

-- The pages from WHERE on = {input, state, pages, items}.
local function walk(action, where, fn, unique, guard)
  local seen, seen_pages = {}, {}
  local state = where.state
  while true do
    local page = call.action(action, where.input, true)
    if type(page) ~= "table" or type(page.results) ~= "table" then
      std.fail("script", ("ctx.each: %s returns no {results, next}"):format(action))
    end
    where.pages = where.pages + 1
    for _, item in ipairs(page.results) do
      where.items = where.items + 1
      local id = unique and item[unique]
      if id == nil or not seen[id] then
        if id ~= nil then seen[id] = true end
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
    std.page(guard, where)
  end
end

-- fn(item, state) may return false to stop. Returns the state.
return function(action, input, state, fn, more)
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
  local where, recorded, guard <close> = std.enter_each(name, first)
  if where == nil then
    if recorded.error then std.fail(recorded.error.kind, recorded.error.message, recorded.error) end
    return recorded.result
  end
  local ok, result = pcall(walk, action, where, fn, more and more.unique, guard)
  if ok then return std.leave_each(guard, { result = result }).result end
  local failure = std.part("failure").describe(result, name)
  std.leave_each(guard, { error = failure })
  error(result, 0)
end
