-- For the worker and `foyer heal`: one page of an app's events, the oldest first, as deliveries.
-- args: {app, company, from = seconds, before = seconds, limit = events a page, next}
-- -> {events = [{id, type, at, conversation, webhook = the app sends this type by webhook, body}], listed,
-- last, ordered, next, triggers = all names of the app, unseen}
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

local function list(args, sweep)
  return call.scope("tool", "sweep", args.app, "read", {}, nil, function(ctx)
    if args.next then return ctx.http.page(args.next) end
    local query = {}
    for key, value in pairs(sweep.query or {}) do query[key] = value end
    if query.limit then query.limit = tostring(math.min(args.limit, tonumber(query.limit) or args.limit)) end
    query[sweep.after]  = ("%.3f"):format(args.from - A_MILLISECOND)
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
  local page = list(args, sweep)
  local events, last, ordered = json.array({}), nil, true
  for _, item in ipairs(page.results) do
    local id, kind = event.at(item, sweep.id), event.at(item, sweep.type)
    local at = tonumber(event.at(item, sweep.at))
    if type(id) ~= "string" or type(kind) ~= "string" or not at then
      std.fail("invalid", ("cannot sweep the events of %s: one has no %s, %s or %s"):format(args.app, sweep.id,
        sweep.type, sweep.at))
    end
    ordered = ordered and at >= (last or args.from - A_MILLISECOND)
    last = math.max(last or at, at)
    local name = sweep.webhooks[kind]
    local conversation = sweep.conversation and event.at(item, sweep.conversation)
    events[#events + 1] = {
      id = id, type = kind, at = at, webhook = name ~= nil,
      conversation = type(conversation) == "string" and conversation or nil,
      body = json.encode(envelope_of(connector, args.company, item, kind, name)),
    }
  end
  return {
    events = events, listed = #events, last = last, ordered = ordered,
    next = page.next ~= json.null and page.next or nil, triggers = names_of_triggers(args.app),
    unseen = sweep.unseen or json.array({}),
  }
end
