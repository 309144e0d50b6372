-- For the worker, `foyer heal` and `foyer missed`: one page of an app's events, the oldest first, as deliveries.
-- args: {app, company, from = seconds (nil: the first that the app lists), before = seconds, limit = events a page,
-- next, talk = {kinds}}
-- -> {events = [{id, type, at, conversation, webhook = the app sends this type by webhook, body}], listed,
-- last, ordered, next, triggers = all names of the app, unseen}
-- With `talk`, only events of these kinds of the connector's `talk` are listed, and each has {kind, message, subject,
-- customer, merged} instead of the body that only those of customers' messages have.
local std = ...
local call, event = std.part("call"), std.part("event")

local A_MILLISECOND = 0.001

local function put(envelope, path, value)
  local at, last = envelope, nil
  for part in path:gmatch("[^.]+") do
    if last then
      at[last] = at[last] or {}
      at = at[last]
    end
    last = part
  end
  at[last] = value
end

-- Returns the event as the app's webhook would have delivered it.
local function envelope_of(connector, company, item, kind, name)
  local envelope = { type = name or kind, payload = item }
  local path = (connector.webhooks or {}).company
  if path then put(envelope, path, company) end
  return envelope
end

-- Returns the types of events that say one of KINDS of a conversation, in the order of their names.
local function types_of(talk, kinds)
  local types, is_wanted = json.array({}), {}
  for _, kind in ipairs(kinds) do is_wanted[kind] = true end
  for name, kind in pairs(talk.kinds) do
    if is_wanted[kind] then types[#types + 1] = name end
  end
  table.sort(types)
  return types
end

-- Adds to OUT what ITEM says of its conversation.
local function add_talk(out, talk, item)
  out.kind = talk.kinds[out.type]
  for _, name in ipairs({ "message", "subject", "customer" }) do
    local value = talk[name] and event.at(item, talk[name])
    out[name] = type(value) == "string" and value or nil
  end
  local merged = out.kind == "merged" and talk.merged and event.at(item, talk.merged)
  out.merged = json.array({})
  for _, id in ipairs(type(merged) == "table" and merged or {}) do
    if type(id) == "string" then out.merged[#out.merged + 1] = id end
  end
end

local function list(args, sweep, talk)
  return call.scope("tool", "sweep", args.app, "read", {}, nil, function(ctx)
    if args.next then return ctx.http.page(args.next) end
    local query = {}
    for key, value in pairs(sweep.query or {}) do query[key] = value end
    if query.limit then query.limit = tostring(math.min(args.limit, tonumber(query.limit) or args.limit)) end
    if talk then query[talk.types] = types_of(talk, args.talk) end
    if args.from then query[sweep.after] = ("%.3f"):format(args.from - A_MILLISECOND) end
    query[sweep.before] = ("%.3f"):format(args.before)
    return ctx.http.page(sweep.get, { query = query })
  end, true)
end

local function names_of_triggers(app)
  local names = json.array({})
  for _, file in ipairs(std.list("lua/" .. app .. "/triggers")) do
    local name = file:match("^(.+)%.lua$")
    if name then names[#names + 1] = app .. "/" .. name end
  end
  return names
end

return function(args)
  local connector = std.connector(args.app)
  local sweep = (connector.events or {}).sweep
  if not sweep then std.fail("settings", ("the connector of %s has no events.sweep"):format(args.app)) end
  local talk = args.talk and connector.events.talk
  if args.talk and not talk then
    std.fail("settings", ("the connector of %s has no events.talk: foyer cannot tell which of its events are messages")
      :format(args.app))
  end
  local page = list(args, sweep, talk)
  local events, last, ordered = json.array({}), nil, true
  for _, item in ipairs(page.results) do
    local id, kind = event.at(item, sweep.id), event.at(item, sweep.type)
    local at = tonumber(event.at(item, sweep.at))
    if type(id) ~= "string" or type(kind) ~= "string" or not at then
      std.fail("invalid", ("cannot sweep the events of %s: one has no %s, %s or %s"):format(args.app, sweep.id,
        sweep.type, sweep.at))
    end
    ordered = ordered and at >= (last or (args.from or at) - A_MILLISECOND)
    last = math.max(last or at, at)
    local name = sweep.webhooks[kind]
    local conversation = sweep.conversation and event.at(item, sweep.conversation)
    events[#events + 1] = {
      id = id, type = kind, at = at, webhook = name ~= nil,
      conversation = type(conversation) == "string" and conversation or nil,
      body = (not talk or talk.kinds[kind] == "received")
        and json.encode(envelope_of(connector, args.company, item, kind, name)) or nil,
    }
    if talk then add_talk(events[#events], talk, item) end
  end
  return {
    events = events, listed = #events, last = last, ordered = ordered,
    next = page.next ~= json.null and page.next or nil, triggers = names_of_triggers(args.app),
    unseen = sweep.unseen or json.array({}),
  }
end
