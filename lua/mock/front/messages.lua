-- Messages: replies, new ones, imported ones, and who has seen them.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")
local html = mock.part("engine/html")

return function(company, records, threads, views, pages, events, attachments, conversations)
  local messages = {}
  local SEEN_MAX = 10

  local REPLY = {
    body = { type = "string", required = true }, to = { type = "strings" }, cc = { type = "strings" },
    bcc = { type = "strings" }, sender_name = { type = "string" }, subject = { type = "string" },
    author_id = { type = "string" }, channel_id = { type = "string" }, text = { type = "string" },
    quote_body = { type = "string" }, attachments = { type = "files" },
    signature_id = { type = "string", null = true }, should_add_default_signature = { type = "boolean" },
    options = { type = "object", fields = { tag_ids = { type = "strings" }, archive = { type = "boolean" } } },
  }
  local attach = attachments.attach

  function messages.find_author(id, conversation)
    if not id then return nil end
    local author = company.find("tea", id)
    if not author then return nil, answers.unknown("teammate", id) end
    if not company.has_access(author, { conversation.inbox }) then
      return nil, answers.error(403, "Author does not have access to the conversation's inbox")
    end
    return author
  end

  local function find_channel(id, conversation)
    if id then
      local channel = company.find("cha", id)
      if not channel then return nil, answers.unknown("channel", id) end
      return channel
    end
    if conversation.other_channel then
      return nil, answers.invalid("channel_id: is required, the conversation has several channels")
    end
    if not conversation.channel then return nil, answers.invalid("channel_id: is required") end
    return conversation.channel
  end

  -- As in Front's specification: 403 for a signature on a channel that is not e-mail; without an author the default
  -- signature is ignored.
  function messages.find_signature(body, channel, author)
    if body.signature_id then
      local signature = company.find("sig", body.signature_id)
      if not signature then return nil, answers.unknown("signature", body.signature_id) end
      if channel.kind ~= "email" then return nil, answers.error(403, "Signatures are for email channels only") end
      return signature
    end
    if body.should_add_default_signature and author and channel.kind == "email" then
      for _, signature in ipairs(company.signatures) do
        if signature.owner == author and signature.is_default then return signature end
      end
    end
    return nil
  end

  -- Without `to` and `cc`: the correspondents of the last message received.
  local function recipients_of(body, conversation, channel)
    local out = { { handle = channel.address, name = body.sender_name, role = "from" } }
    for _, role in ipairs({ "to", "cc", "bcc" }) do
      for _, handle in ipairs(body[role] or {}) do out[#out + 1] = { handle = handle, role = role } end
    end
    if body.to and body.to[1] or body.cc and body.cc[1] then return out end
    for i = #conversation.messages, 1, -1 do
      for _, r in ipairs(conversation.messages[i].recipients) do
        if conversation.messages[i].is_inbound and r.role == "from" then
          table.insert(out, 2, { handle = r.handle, name = r.name, role = "to" })
          return out
        end
      end
    end
    return nil, answers.invalid("to: is required, the conversation has no recipient")
  end

  -- The message differs from the body that was sent: Front wraps it, adds signature and quote.
  local function wrap(body, channel, signature, quoted)
    if channel.kind ~= "email" then return body end
    local out = '<div class="front-body">' .. body .. "</div>"
    if signature then out = out .. '\n<br /><div class="front-signature">' .. signature.body .. "</div>" end
    if quoted then
      out = out .. '\n<br />\n<blockquote type="cite" class="front-blockquote">' .. quoted .. "</blockquote>"
    end
    return out
  end

  local function check_tags(ids, conversation)
    local tags, bad = checks.find_all(company, "tag", "tag", ids)
    if not tags then return nil, bad end
    for _, tag in ipairs(tags) do
      if tag.is_private and not conversation.inbox.is_private then
        return nil, answers.invalid("options.tag_ids: " .. tag.id .. " cannot be applied in this inbox")
      end
    end
    return tags
  end

  function messages.reply(request, conversation)
    local body, bad = checks.body(request, REPLY)
    if not body then return bad end
    local options = body.options or {}
    local author, channel, signature, recipients, tags, files
    author, bad = messages.find_author(body.author_id, conversation)
    if not bad then channel, bad = find_channel(body.channel_id, conversation) end
    if not bad then signature, bad = messages.find_signature(body, channel, author) end
    if not bad then recipients, bad = recipients_of(body, conversation, channel) end
    if not bad then tags, bad = check_tags(options.tag_ids, conversation) end
    if not bad then files, bad = attach(request, body.attachments) end
    if bad then return bad end

    local last = conversation.messages[#conversation.messages]
    local message = {
      conversation = conversation, type = channel.kind, is_inbound = false, channel = channel,
      author = author or events.author(request), subject = body.subject or conversation.subject,
      recipients = recipients, signature = signature, attachments = files, tags = tags,
      archive = options.archive ~= false, replied_to = last,
      body = wrap(body.body, channel, signature, body.quote_body or last and last.body), sent_body = body.body,
      text = body.text or html.to_text(body.body),
    }
    threads.accept(message)
    return answers.ok({ status = "accepted", message_uid = message.uid }, 202)
  end

  function messages.list(request, conversation)
    local bad = pages.check_sort(request.params, { "created_at" })
    if bad then return bad end
    local found = table.move(conversation.messages, 1, #conversation.messages, 1, {})
    local ascending = request.params.sort_order == "asc"
    table.sort(found, function(a, b)
      if ascending then return a.created_at < b.created_at end
      return a.created_at > b.created_at
    end)
    return pages.answer(request, found, views.message)
  end

  -- Answers with a message as a mail, for `Accept: message/rfc822`.
  local function as_mail(message)
    local lines = {}
    for _, r in ipairs(message.recipients) do
      lines[#lines + 1] = r.role:sub(1, 1):upper() .. r.role:sub(2) .. ": " .. r.handle
    end
    lines[#lines + 1] = "Subject: " .. (message.subject or "")
    lines[#lines + 1] = "Date: " .. text.time(message.created_at, "%a, %d %b %Y %H:%M:%S +0000")
    lines[#lines + 1] = "Content-Type: text/html; charset=utf-8"
    lines[#lines + 1] = ""
    lines[#lines + 1] = message.body
    return {
      status = 200, body = table.concat(lines, "\r\n"), headers = { ["content-type"] = "message/rfc822" },
    }
  end

  local function get(request, message)
    local mail = (request.headers.accept or ""):find("message/rfc822", 1, true)
    if mail and message.type == "email" then return as_mail(message) end
    return answers.ok(views.message(message))
  end

  local NEW = { to = { type = "strings", required = true } }
  for name, field in pairs(REPLY) do
    if name ~= "channel_id" and name ~= "quote_body" then NEW[name] = NEW[name] or field end
  end

  -- Sends a message in a new conversation, which exists as soon as its message does.
  local function create(request, channel)
    local body, bad = checks.body(request, NEW)
    if not body then return bad end
    if not body.to[1] then return answers.invalid("to: must not be empty") end
    local options, place = body.options or {}, { inbox = channel.inbox }
    local author, signature, tags, files
    author, bad = messages.find_author(body.author_id, place)
    if not bad then signature, bad = messages.find_signature(body, channel, author) end
    if not bad then tags, bad = check_tags(options.tag_ids, place) end
    if not bad then files, bad = attach(request, body.attachments) end
    if bad then return bad end
    local message = {
      type = channel.kind, is_inbound = false, channel = channel,
      author = author or events.author(request), subject = body.subject,
      recipients = recipients_of(body, { messages = {} }, channel), signature = signature, attachments = files,
      tags = tags, archive = options.archive ~= false, body = wrap(body.body, channel, signature),
      sent_body = body.body, text = body.text or html.to_text(body.body),
    }
    threads.accept(message, function()
      message.conversation = threads.open(body.to[1], nil, channel.inbox, body.subject)
      message.conversation.channel = channel
      threads.deliver(message)
    end)
    return answers.ok({ status = "accepted", message_uid = message.uid }, 202)
  end

  local PERSON = {
    handle = { type = "string", required = true }, name = { type = "string" }, contact_id = { type = "string" },
    author_id = { type = "string" },
  }
  local FORMAT = { type = "string", enum = { "html", "markdown" } }
  local INCOMING = {
    sender = { type = "object", required = true, fields = PERSON }, subject = { type = "string" },
    body = { type = "string", required = true }, body_format = FORMAT, attachments = { type = "files" },
    metadata = { type = "object", fields = { thread_ref = { type = "string" }, headers = { type = "object" } } },
    conversation_id = { type = "string" },
  }

  local function as_html(body)
    return body.body_format == "html" and body.body or html.from_text(body.body)
  end

  -- Returns the conversation that the body names, by its id or a thread_ref that came before; nil for a new one; nil
  -- and the answer when the id is unknown.
  local by_ref = {}
  local function thread_of(body, place)
    if body.conversation_id then
      local conversation = company.find("cnv", body.conversation_id)
      if not conversation then return nil, answers.unknown("conversation", body.conversation_id) end
      return conversation
    end
    local ref = body.metadata and body.metadata.thread_ref
    return ref and by_ref[place.id .. " " .. ref]
  end

  local function remember(body, place, conversation)
    local ref = body.metadata and body.metadata.thread_ref
    if ref then by_ref[place.id .. " " .. ref] = conversation end
  end

  -- Takes a customer's message through a custom channel.
  local function receive(request, channel)
    local body, bad = checks.body(request, INCOMING)
    if not body then return bad end
    if channel.kind ~= "custom" then return answers.error(400, "The channel is not of the type custom") end
    local files
    files, bad = attach(request, body.attachments)
    local conversation
    if not bad then conversation, bad = thread_of(body, channel) end
    if bad then return bad end
    local message = {
      type = "custom", is_inbound = true, channel = channel, subject = body.subject, body = as_html(body),
      attachments = files, recipients = {
        { handle = body.sender.handle, name = body.sender.name, role = "from" },
        { handle = channel.address, role = "to" },
      },
    }
    threads.accept(message, function()
      local into = conversation or threads.open(body.sender.handle, body.sender.name, channel.inbox, body.subject)
      into.channel = into.channel or channel
      remember(body, channel, into)
      message.created_at = company.now()
      threads.change_status(into, "open")
      threads.append(into, message)
      events.message("inbound", message)
    end)
    return answers.ok({ status = "accepted", message_uid = message.uid }, 202)
  end

  local IMPORT = {
    sender = { type = "object", required = true, fields = PERSON }, to = { type = "strings", required = true },
    cc = { type = "strings" }, bcc = { type = "strings" }, subject = { type = "string" },
    body = { type = "string", required = true }, body_format = FORMAT,
    external_id = { type = "string", required = true }, created_at = { type = "integer", required = true },
    type = { type = "string", enum = { "email", "sms", "intercom", "custom" } }, assignee_id = { type = "string" },
    tags = { type = "strings" }, conversation_id = { type = "string" }, attachments = { type = "files" },
    metadata = { type = "object", required = true, fields = {
      thread_ref = { type = "string" }, is_inbound = { type = "boolean", required = true },
      is_archived = { type = "boolean" }, should_skip_rules = { type = "boolean" },
    } },
  }
  local imported = {} -- external id -> message

  -- Takes a message of the past, without events. The same external id is imported once; that its second answer is the
  -- first one is a guess.
  local function import(request, inbox)
    local body, bad = checks.body(request, IMPORT)
    if not body then return bad end
    local known = imported[body.external_id]
    if known then return answers.ok({ status = "accepted", message_uid = known.uid }, 202) end
    local assignee, tags, conversation, files
    if body.assignee_id then
      assignee = company.find("tea", body.assignee_id)
      if not assignee then return answers.unknown("teammate", body.assignee_id) end
    end
    tags, bad = checks.find_all(company, "tag", "tag", body.tags)
    if not bad then files, bad = attach(request, body.attachments) end
    if not bad then conversation, bad = thread_of(body, inbox) end
    if bad then return bad end
    local flag = body.metadata.is_inbound
    local is_inbound = flag == true or flag == "true"
    local recipients = { { handle = body.sender.handle, name = body.sender.name, role = "from" } }
    for _, role in ipairs({ "to", "cc", "bcc" }) do
      for _, handle in ipairs(body[role] or {}) do recipients[#recipients + 1] = { handle = handle, role = role } end
    end
    local message = {
      type = body.type or "email", is_inbound = is_inbound, channel = inbox.channel, subject = body.subject,
      body = as_html(body), attachments = files, recipients = recipients, external_id = body.external_id,
      author = body.sender.author_id and company.find("tea", body.sender.author_id), created_at = body.created_at,
    }
    imported[body.external_id] = message
    threads.accept(message, function()
      local into = conversation
      if not into then
        local customer = not is_inbound and body.to[1] or body.sender.handle
        into = threads.open(customer, nil, inbox, body.subject)
        into.created_at, into.updated_at = body.created_at, body.created_at
        threads.set_status(into, body.metadata.is_archived == false and "open" or "archived")
      end
      remember(body, inbox, into)
      for _, tag in ipairs(tags) do threads.tag(into, tag) end
      into.assignee = assignee or into.assignee
      threads.append(into, message)
    end)
    return answers.ok({ status = "accepted", message_uid = message.uid }, 202)
  end

  local function seen(request, message)
    local self = views.link("/messages/" .. message.id)
    return pages.answer(request, message.seen or {}, function(receipt)
      return {
        _links = { self = self .. "/seen", related = { message = self } }, seen_by = receipt.by or json.null,
        first_seen_at = receipt.at, -- milliseconds, as in the specification's example
      }
    end)
  end

  -- Takes at most 10 an hour for one message, as in Front's specification.
  local function mark_seen(_, message)
    local hour = company.now() // 3600
    if message.seen_hour ~= hour then message.seen_hour, message.seen_count = hour, 0 end
    if message.seen_count >= SEEN_MAX then
      local answer = answers.error(429, "A message can be marked as seen 10 times an hour")
      answer.headers = { ["retry-after"] = tostring(math.ceil((hour + 1) * 3600 - company.now())) }
      return answer
    end
    message.seen_count = message.seen_count + 1
    message.seen = message.seen or {}
    if not message.seen[1] then message.seen[1] = { at = math.floor(company.now() * 1000) } end
    return answers.none()
  end

  local function with_channel(handler) return records.with("cha", "channel", handler) end
  messages.routes = {
    { "GET", "/conversations/{id}/messages", conversations.with(messages.list) },
    { "POST", "/conversations/{id}/messages", conversations.with(messages.reply) },
    { "GET", "/messages/{id}", records.with("msg", "message", get) },
    { "GET", "/messages/{id}/seen", records.with("msg", "message", seen) },
    { "POST", "/messages/{id}/seen", records.with("msg", "message", mark_seen) },
    { "POST", "/channels/{id}/messages", with_channel(create) },
    { "POST", "/channels/{id}/incoming_messages", with_channel(receive) },
    { "POST", "/inboxes/{id}/imported_messages", records.with("inb", "inbox", import) },
  }

  return messages
end
