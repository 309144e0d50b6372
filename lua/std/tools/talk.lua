-- For `foyer explain`: the messages of one conversation, or the conversations of one customer, as the connector's
-- events.talk finds them.
-- args: {app, conversation}, {app, address}, or {app, bodies = texts of deliveries}
-- -> {messages = [{id, uid, at, inbound, kind, name, subject, text, html, draft, body = the number of the delivery}]},
-- or {conversations = [ids]}. `kind` and `name` are its writer's, as event.actor has them.
local std = ...
local call, event = std.part("call"), std.part("event")

local PAGES = 5 -- of a conversation, the newest first

local function text_at(object, path)
  local value = path and event.at(object, path)
  return type(value) == "string" and value ~= "" and value or nil
end

local function message_of(object, thread, connector)
  local inbound = event.at(object, thread.inbound)
  if type(inbound) ~= "boolean" then return nil end
  local shaped = event.shape({ type = "", payload = { target = { data = object } } }, connector)
  local actor = shaped and shaped.actor or {}
  return {
    id = text_at(object, thread.id), uid = text_at(object, thread.uid), at = tonumber(event.at(object, thread.at)),
    inbound = inbound, kind = actor.kind, name = actor.name, subject = text_at(object, thread.subject),
    text = text_at(object, thread.text), html = text_at(object, thread.html),
    draft = thread.draft and event.at(object, thread.draft) == true or nil,
  }
end

-- Calls TAKE with each item of the list at PATH, in which {} is VALUE.
local function all_pages(app, path, value, query, pages, take)
  local address = path:gsub("{}", (url.segment(value):gsub("%%", "%%%%")))
  return call.scope("tool", "talk", app, "read", {}, nil, function(ctx)
    local page = ctx.http.page(address, { query = query })
    for i = 1, pages do
      for _, item in ipairs(page.results) do take(item) end
      if page.next == nil or page.next == json.null or i == pages then break end
      page = ctx.http.page(page.next)
    end
    return {}
  end, true)
end

local function thread_of(args, talk, connector)
  local messages = json.array({})
  all_pages(args.app, talk.thread.get, args.conversation, talk.thread.query, PAGES, function(item)
    messages[#messages + 1] = message_of(item, talk.thread, connector)
  end)
  return { messages = messages }
end

-- A customer that the app does not know has no conversations.
local function conversations_of(args, talk)
  local list = json.array({})
  local found = args.address:find("@", 1, true) and talk.found.email or talk.found.phone
  if not found then return { conversations = list } end
  local ok, failure = pcall(all_pages, args.app, found, args.address, nil, 1, function(item)
    list[#list + 1] = text_at(item, "id")
  end)
  if not ok and std.part("errors").describe(failure, "talk").kind ~= "not_found" then error(failure, 0) end
  return { conversations = list }
end

local function told_of(args, talk, connector)
  local messages = json.array({})
  for i, body in ipairs(args.bodies) do
    local ok, decoded = pcall(json.decode, body)
    local shaped = ok and event.shape(decoded, connector)
    local object = shaped and event.at(shaped, "payload.target.data")
    local message = type(object) == "table" and message_of(object, talk.thread, connector)
    if message then
      message.body = i
      message.kind, message.name = shaped.actor.kind, shaped.actor.name or message.name
      messages[#messages + 1] = message
    end
  end
  return { messages = messages }
end

return function(args)
  local connector = std.connector(args.app)
  local talk = (connector.events or {}).talk or {}
  if args.bodies then return talk.thread and told_of(args, talk, connector) or { messages = json.array({}) } end
  if args.address then return talk.found and conversations_of(args, talk) or { conversations = json.array({}) } end
  if not talk.thread then
    std.fail("settings", ("the connector of %s has no events.talk.thread"):format(args.app))
  end
  return thread_of(args, talk, connector)
end
