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

-- fn(item, state) may return false to stop. Returns the state.
return function(action, input, state, fn, more)
  if type(state) == "function" then
    std.fail("script", "ctx.each(action, input, state, function(item, state) … end): the state "
      .. "comes before the function; {} will do")
  end
  if type(fn) ~= "function" then
    std.fail("script", "ctx.each: the fourth argument is the function that gets each item")
  end
  local unique = more and more.unique
  local seen, seen_pages = {}, {}
  local pages, items = 0, 0
  state = copy_state(state == nil and {} or state)
  while true do
    local page = call.action(action, input, true)
    if type(page) ~= "table" or type(page.results) ~= "table" then
      std.fail("script", ("ctx.each: %s returns no {results, next}"):format(action))
    end
    pages = pages + 1
    for _, item in ipairs(page.results) do
      items = items + 1
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
    if pages >= limits.each_pages or items >= limits.each_items then
      std.fail("limit", ("ctx.each: %s has more than %d pages or %d items"):format(action,
        limits.each_pages, limits.each_items))
    end
    seen_pages[page.next] = true
    input = { next = page.next }
  end
end
