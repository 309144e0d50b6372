-- Messages that a channel's server imports: POST /channels/{id}/inbound_messages and …/outbound_messages, with a token
-- of its own (jwt.lua). From the specification of the Channel API.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, threads, events, channels)
  local imports = {}

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

  -- Returns the conversation of that external id; else a new one with that person.
  local function conversation_of(channel, person, body)
    local external = body.metadata.external_conversation_id
    local conversation = channels.find_conversation(channel, external)
      or threads.open(person.handle, person.name, channel.inbox, body.subject)
    channels.remember(conversation, external)
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
      channels.imported(message, body.metadata.external_conversation_id)
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
      events.message("inbound", message)
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
    return accept(channel, person, body, message, function() events.message("outbound", message) end)
  end

  imports.routes = {
    { "POST", "/channels/{id}/inbound_messages", imports.inbound },
    { "POST", "/channels/{id}/outbound_messages", imports.outbound },
  }

  return imports
end
