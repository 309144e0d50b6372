-- What a channel's server brings in: POST /channels/{id}/inbound_messages and
-- …/outbound_messages, with its own token (FACTS 6.6).
return function(app)
  local imports = {}
  local answers, company, threads, checks = app.answers, app.company, app.threads, app.checks

  local METADATA = { type = "object", required = true, fields = {
    external_id = { type = "string", required = true, max = 200 },
    external_conversation_id = { type = "string", required = true, max = 200 },
    referenced_message_external_id = { type = "string", max = 200 },
  } }
  local PERSON = {
    handle = { type = "string", required = true }, name = { type = "string" }, email = { type = "string" },
  }
  local INBOUND = {
    sender = { type = "object", required = true, fields = PERSON }, subject = { type = "string" },
    body = { type = "string", required = true }, metadata = METADATA, delivered_at = { type = "number" },
    attachments = { type = "files" },
  }
  local OUTBOUND = {
    sender_name = { type = "string" }, to = { type = "list", required = true }, subject = { type = "string" },
    author_id = { type = "string" }, body = { type = "string", required = true }, metadata = METADATA,
    delivered_at = { type = "number" }, attachments = { type = "files" },
  }

  -- Returns conversation of that external id; else a new one with that person.
  local function conversation_of(channel, person, body)
    local external = body.metadata.external_conversation_id
    local conversation = app.channels.find_conversation(channel, external)
      or app.customers.open(person.handle, person.name, channel.inbox, body.subject)
    app.channels.remember(conversation, external)
    return conversation
  end

  local function accept(channel, person, body, message, arrived)
    message.channel, message.type, message.body = channel, channel.kind, body.body
    message.external_id, message.imported = body.metadata.external_id, true
    message.subject = body.subject
    threads.accept(message, function()
      message.created_at = body.delivered_at or company.now()
      threads.append(conversation_of(channel, person, body), message)
      arrived()
      app.channels.imported(message, body.metadata.external_conversation_id)
    end)
    return answers.ok({ status = "accepted", message_uid = message.uid }, 202)
  end

  function imports.inbound(request, id)
    local channel = company.find("cha", id)
    local body, bad = checks.body(request, INBOUND)
    if not body then return bad end
    local message = { is_inbound = true, recipients = {
      { handle = body.sender.handle, name = body.sender.name, role = "from" },
      { handle = channel.address, role = "to" },
    } }
    return accept(channel, body.sender, body, message, function()
      threads.change_status(message.conversation, "open")
      app.events.message("inbound", message)
    end)
  end

  function imports.outbound(request, id)
    local channel = company.find("cha", id)
    local body, bad = checks.body(request, OUTBOUND)
    if not body then return bad end
    local person = body.to[1]
    if type(person) ~= "table" or type(person.handle) ~= "string" then
      return answers.invalid("to[0].handle: is required")
    end
    local author = body.author_id and company.find("tea", body.author_id)
    if body.author_id and not author then return answers.unknown("teammate", body.author_id) end
    local message = { is_inbound = false, author = author, recipients = {
      { handle = channel.address, name = body.sender_name, role = "from" },
      { handle = person.handle, name = person.name, role = "to" },
    } }
    return accept(channel, person, body, message, function() app.events.message("outbound", message) end)
  end

  -- Whose token it is: the channel and nil, or nil and the answer; nothing on other paths.
  function imports.check(request)
    local kind, id, part = table.unpack(request.segments)
    if kind ~= "channels" or (part ~= "inbound_messages" and part ~= "outbound_messages") then return nil end
    for _, one in ipairs(app.companies.list) do
      local channel = one.company.find("cha", id)
      if channel and channel.server then
        local problem = app.jwt.problem(request.token or "", channel.server.uid, channel.id, channel.server.key)
        if problem then return nil, answers.error(401, problem) end
        return one
      end
    end
    return nil, answers.error(401, "Invalid token")
  end

  return imports
end
