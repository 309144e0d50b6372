-- For the worker and `foyer poll`: one page of a look by a trigger's `poll`, for the run's client.
--
-- With `after`, the action lists what changed after a time, the oldest first. Without, it lists the newest first: new
-- is what comes before the items that the last look saw, if it changed after the mark.
--
-- args: {trigger, from = seconds, floor = seconds, known = [names], next, exact, first}. FROM: the mark; FLOOR: where
-- it was set first. EXACT: without the overlap, in the middle of a look. FIRST: nothing fires.
-- -> {fired, listed, known = what the next look shall know (nil: as before), last = the newest time, ordered = the
-- oldest came first, next = where to go on, again = the time from which to list again instead}
local std = ...
local script, call, scope = std.part("script"), std.part("call"), std.part("scope")
local event = std.part("event")

local OVERLAP = 120     -- seconds: how far the clocks that write an app's times may differ
local FIRST_PAGES = 20  -- of what changed within the overlap
local KEY_BYTES = 200
local A_MILLISECOND = 0.001

local function fail(name, sentence)
  std.fail("script", ("%s: %s"):format(name, sentence))
end

local function overlap_of(poll)
  return poll.overlap and text.parse_duration(poll.overlap) or OVERLAP
end

-- Calls the action. Returns its results and its `next`.
local function list(name, poll, from, next_page)
  local input = {}
  if next_page then
    input.next = next_page
  else
    for key, value in pairs(poll.input or {}) do input[key] = value end
    if poll.after then input[poll.after] = from - A_MILLISECOND end -- an app may mean later than, or from then on
  end
  local page = call.action(poll.action, input, true)
  if type(page) ~= "table" or type(page.results) ~= "table" then
    fail(name, poll.action .. " returns no {results, next}")
  end
  return page.results, page.next ~= json.null and page.next or nil
end

local function event_of(name, trigger, item, at)
  local kind = trigger.on[1]
  local payload = { type = kind, emitted_at = at }
  payload[trigger.poll.as] = item
  return event.shape({ type = kind, payload = payload }, std.connector((script.split(name))))
end

-- Returns {at, key, id} of each item, by the trigger's own functions; `quiet` for one that its `fires` refuses.
local function evaluate(name, trigger, results)
  local seen, failure = scope.run(name, function()
    return std.enter("trigger", name, script.split(name), "read", {})
  end, scope.leave, function()
    local out = json.array({})
    for i, item in ipairs(results) do
      local at = trigger.poll.time and tonumber(event.at(item, trigger.poll.time)) or nil
      local one = event_of(name, trigger, item, at)
      local key = trigger.key(std.clone(one))
      if type(key) ~= "string" or key == "" or #key > KEY_BYTES or not utf8.len(key) then
        fail(name, ("its `key` must return a text of 1 to %d bytes"):format(KEY_BYTES))
      end
      local id = event.at(item, "id")
      out[i] = {
        at = at, key = key, id = type(id) == "string" and id or nil,
        quiet = trigger.fires and not trigger.fires(std.clone(one)) or nil,
      }
    end
    return out
  end)
  if failure then std.fail(failure.kind, failure.message, failure) end
  return seen
end

-- Returns the number of items to look at on a page that is sorted by its newest item, and whether more may follow.
local function count_new(names, seen, known, after)
  for i = #seen, 1, -1 do
    if known[names[i]] then return i - 1, false end
  end
  for i, one in ipairs(seen) do
    if not one.at or one.at <= after then return i - 1, false end
  end
  return #seen, true
end

local function newest(seen)
  local last
  for _, one in ipairs(seen) do
    if one.at and (not last or one.at > last) then last = one.at end
  end
  return last
end

-- Whether the oldest comes first.
local function is_ordered(seen)
  for i = 2, #seen do
    if (seen[i].at or 0) < (seen[i - 1].at or 0) then return false end
  end
  return true
end

-- What a later look knows the items by. A list of the newest knows them by their ids, so that a changed `key` makes no
-- item new.
local function names_of(poll, seen)
  local names = json.array({})
  for i, one in ipairs(seen) do names[i] = not poll.after and one.id or one.key end
  return names
end

-- What is there already: of the first page, or of all that changed within the overlap.
local function look_first(name, trigger, from)
  local known, next_page, pages = json.array({}), nil, 0
  repeat
    local results
    results, next_page = list(name, trigger.poll, from - overlap_of(trigger.poll), next_page)
    for _, one in ipairs(names_of(trigger.poll, evaluate(name, trigger, results))) do known[#known + 1] = one end
    pages = pages + 1
  until not next_page or not trigger.poll.after or pages == FIRST_PAGES
  return { known = known, listed = #known }
end

-- Returns a copy of RECIPES whose runs go one after the other, for one item.
local function in_order(recipes, order)
  local out = json.array({})
  for i, recipe in ipairs(recipes) do
    local copy = {}
    for key, value in pairs(recipe) do copy[key] = value end
    copy.order = order
    out[i] = copy
  end
  return out
end

return function(args)
  local name = args.trigger
  local trigger = script.get("trigger", name)
  local poll = trigger.poll
  if not poll then fail(name, "it has no `poll` any more") end
  if args.first then return look_first(name, trigger, args.from) end

  local after = args.exact and args.from or args.from - overlap_of(poll)
  if not args.known and not args.exact then after = math.max(after, args.floor) end
  local results, next_page = list(name, poll, after, args.next)
  local seen, known = evaluate(name, trigger, results), {}
  local names = names_of(poll, seen)
  for _, one in ipairs(args.known or {}) do known[one] = true end
  local count, more = #seen, next_page ~= nil
  if not poll.after then
    count, more = count_new(names, seen, known, after)
    more = more and next_page ~= nil
  end
  local listening, fired = std.part("listening")({}), json.array({})
  local recipes, not_on = listening.recipes(name), results[1] and listening.not_on(name)
  local first, last_one, step = 1, count, 1
  if not poll.after then first, last_one, step = count, 1, -1 end -- the oldest fires first
  for i = first, last_one, step do
    local one = seen[i]
    local is_late = not poll.after and one.at and one.at <= after
    if not known[names[i]] and not one.quiet and not is_late then
      fired[#fired + 1] = {
        trigger = name, key = one.key, event = event_of(name, trigger, results[i], one.at), not_on = not_on,
        recipes = in_order(recipes, one.id),
      }
    end
  end
  local last = newest(seen)
  -- Items that change meanwhile move to the end, so pages by position would skip others: the next page is what changed
  -- after the last item.
  local again = more and poll.after and last and last > args.from or nil
  return {
    fired = fired, listed = #seen, known = not poll.after and names or nil, last = last,
    next = more and next_page or nil, again = again, ordered = poll.after ~= nil and is_ordered(seen),
  }
end
