-- App channels: a channel whose messages go through another server. Sends signed requests to that server, which has
-- 7 s for an answer (https://github.com/frontapp/partner-channel-template).
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")
local html = mock.part("engine/html")
local outbox = mock.part("front/outbox")

return function(company, threads, views, events)
  local channels = {}
  local SECONDS = 7
  local ID_MAX = 200

  local SCHEMA = {
    url = { type = "string", required = true }, key = { type = "string" }, uid = { type = "string" },
    channel = { type = "string" },
  }

  -- Returns a channel by id or alias; without one, the first that has a server, else the first that may have one.
  local function find(wanted)
    if wanted then return company.find("cha", wanted) end
    local custom
    for _, channel in ipairs(company.channels) do
      if channel.server then return channel end
      if channel.kind == "custom" then custom = custom or channel end
    end
    return custom
  end

  local function with_server(wanted)
    local channel = find(wanted)
    if not channel then return nil, answers.unknown("channel", wanted) end
    if not channel.server then return nil, answers.invalid("channel: has no server, see POST /_mock/channel") end
    return channel
  end

  -- Sends EVENT to the server. Calls DONE({ok, seconds, status, answer, error}) at the end, also after a failure.
  local function ask(channel, method, url, event, done)
    local body = json.encode(event)
    local signed = method == "DELETE" and "undefined" or nil
    outbox.send({
      method = method, url = url, body = body, timeout = SECONDS,
      headers = outbox.headers("application", channel.server.key, body, signed),
    }, function(outcome)
      local decoded, answer = pcall(json.decode, outcome.body or "")
      if not decoded or type(answer) ~= "table" then answer = nil end
      local result = { seconds = outcome.seconds, status = outcome.status, answer = answer, error = outcome.error }
      result.ok = outbox.is_success(outcome) and (method == "DELETE" or answer ~= nil and answer.type == "success")
      done(result)
    end)
  end

  -- {url, key, uid = iss of its tokens, channel?}: registers a server and sends it `authorization`; answers after that
  function channels.add(request)
    local body, bad = checks.body(request, SCHEMA)
    if not body then return bad end
    local channel = find(body.channel)
    if not channel then return answers.unknown("channel", body.channel) end
    if not body.url:find("^https?://[^/]") then return answers.invalid("url: must be http:// or https://") end
    channel.server = {
      url = body.url, key = body.key or "mock-channel-key", uid = body.uid or "mock-app", deliver = channels.deliver,
    }
    return answers.later(function(reply)
      local event = { type = "authorization", payload = { channel_id = channel.id } }
      ask(channel, "POST", body.url, event, function(result)
        local url = result.ok and result.answer.webhook_url
        if type(url) == "string" then channel.server.messages = url end
        result.channel, result.webhook_url = channel.id, channel.server.messages
        reply(answers.ok(result, 201))
      end)
    end)
  end

  -- Tells the server that the channel was deleted.
  function channels.remove(request)
    local channel, bad = with_server(request.params.channel)
    if not channel then return bad end
    return answers.later(function(reply)
      local event = { type = "delete", payload = { channel_id = channel.id } }
      ask(channel, "DELETE", channel.server.url, event, function(result)
        channel.server = nil
        reply(answers.ok(result))
      end)
    end)
  end

  local function external_ids(conversation)
    local ids = conversation.external_ids or {}
    if not ids[1] then return nil end
    return json.array(table.move(ids, 1, #ids, 1, {}))
  end

  -- Has fewer members than a message of the API, as in the specification of the Channel API.
  local function payload_of(message)
    local view = views.message(message)
    local out = {
      _links = { self = view._links.self, related = view._links.related }, id = view.id, recipients = view.recipients,
      author = message.author and view.author or {},
    }
    out._links.related.message_seen = nil
    for _, recipient in ipairs(out.recipients) do recipient.name = nil end
    for _, name in ipairs({
      "type", "is_inbound", "draft_mode", "created_at", "blurb", "body", "text", "attachments", "metadata",
    }) do
      out[name] = view[name]
    end
    return out
  end

  function channels.remember(conversation, id)
    if type(id) ~= "string" or #id > ID_MAX then return end
    company.by_external[conversation.channel.id .. " " .. id] = conversation
    conversation.external_ids = conversation.external_ids or {}
    for _, known in ipairs(conversation.external_ids) do
      if known == id then return end
    end
    table.insert(conversation.external_ids, id)
  end

  function channels.find_conversation(channel, id)
    return company.by_external[channel.id .. " " .. id]
  end

  local function to_server(message, kind, payload, done)
    local channel = message.channel
    local known = external_ids(message.conversation)
    local event = { type = kind, payload = payload, metadata = known and { external_conversation_ids = known } }
    ask(channel, "POST", channel.server.messages or channel.server.url, event, done)
  end

  -- Sends a message to the server. When it does not answer with success and an id, the teammate sees an error.
  function channels.deliver(message, done)
    to_server(message, "message", payload_of(message), function(result)
      local answer = result.ok and result.answer or {}
      result.ok = type(answer.external_id) == "string" and #answer.external_id <= ID_MAX
      if result.ok then
        message.external_id = answer.external_id
        channels.remember(message.conversation, answer.external_conversation_id)
      else
        message.error_type = "sending_error"
        events.failure("sending_error", message)
      end
      if done then done(result) end
    end)
  end

  -- Tells the server that its imported message now exists.
  function channels.imported(message, external_conversation_id)
    if not message.channel.server then return end
    local known = external_ids(message.conversation)
    local self = views.link("/messages/" .. message.id)
    ask(message.channel, "POST", message.channel.server.messages or message.channel.server.url, {
      type = "message_imported", payload = { _links = { self = self }, id = message.id },
      metadata = { external_conversation_id = external_conversation_id, external_conversation_ids = known },
    }, function(result) message.announced = result.ok end)
  end

  local WRITE = {
    channel = { type = "string" }, conversation = { type = "string" }, to = { type = "string" },
    body = { type = "string", required = true }, author = { type = "string" },
  }

  -- Returns the given conversation, else the channel's newest, else a new one with TO.
  local function find_conversation(body, channel)
    if body.conversation then return company.find("cnv", body.conversation) end
    for i = #threads.list, 1, -1 do
      local found = threads.list[i]
      if found.channel == channel and (not body.to or found.handle == body.to) then return found end
    end
    local handle = body.to or "9998887777"
    return threads.open(handle, nil, channel.inbox)
  end

  local function prepare(request)
    local body, bad = checks.body(request, WRITE)
    if not body then return nil, bad end
    local channel
    channel, bad = with_server(body.channel)
    if not channel then return nil, bad end
    local conversation = find_conversation(body, channel)
    if not conversation then return nil, answers.unknown("conversation", body.conversation) end
    if conversation.channel ~= channel then return nil, answers.invalid("conversation: is not of this channel") end
    local last = conversation.messages[#conversation.messages]
    return {
      type = channel.kind, is_inbound = false, channel = channel, conversation = conversation, body = body.body,
      author = body.author and company.find("tea", body.author), created_at = company.now(), replied_to = last,
      recipients = { { handle = conversation.handle, name = conversation.contact.name, role = "to" } },
    }
  end

  -- {body, conversation?, to?, channel?, author?}: a teammate writes; answers after the server has answered
  function channels.message(request)
    local message, bad = prepare(request)
    if not message then return bad end
    threads.append(message.conversation, message)
    events.message("outbound", message)
    return answers.later(function(reply)
      channels.deliver(message, function(result)
        result.message, result.conversation = message.id, message.conversation.id
        reply(answers.ok(result))
      end)
    end)
  end

  -- The same members: an automatic reply. It has no id (observed by https://github.com/webhookdb/webhookdb)
  function channels.autoreply(request)
    local message, bad = prepare(request)
    if not message then return bad end
    message.type = "auto_reply"
    message.text, message.attachments, message.id = html.to_text(message.body), {}, "none"
    local payload = payload_of(message)
    payload.id, payload._links.self = nil, nil
    return answers.later(function(reply)
      to_server(message, "message_autoreply", payload, function(result)
        result.conversation = message.conversation.id
        reply(answers.ok(result))
      end)
    end)
  end

  return channels
end
