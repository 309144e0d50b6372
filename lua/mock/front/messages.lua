-- Replies, messages and comments.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")
local html = mock.part("engine/html")

return function(company, threads, views, pages, events)
  local messages = {}

  local REPLY = {
    body = { type = "string", required = true }, to = { type = "strings" }, cc = { type = "strings" },
    bcc = { type = "strings" }, sender_name = { type = "string" }, subject = { type = "string" },
    author_id = { type = "string" }, channel_id = { type = "string" }, text = { type = "string" },
    quote_body = { type = "string" }, attachments = { type = "files" },
    signature_id = { type = "string", null = true }, should_add_default_signature = { type = "boolean" },
    options = { type = "object", fields = { tag_ids = { type = "strings" }, archive = { type = "boolean" } } },
  }
  local COMMENT = {
    body = { type = "string", required = true }, author_id = { type = "string" },
    is_pinned = { type = "boolean" }, attachments = { type = "files" },
  }

  local function attach(files)
    local out = {}
    for i, file in ipairs(files or {}) do
      if type(file) ~= "table" then return nil, answers.invalid("attachments: must be files") end
      out[i] = { filename = file.filename, content_type = file.content_type, size = file.size }
      company.add("fil", out[i])
    end
    return out
  end

  local function find_author(id, conversation)
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
  local function find_signature(body, channel, author)
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
    author, bad = find_author(body.author_id, conversation)
    if not bad then channel, bad = find_channel(body.channel_id, conversation) end
    if not bad then signature, bad = find_signature(body, channel, author) end
    if not bad then recipients, bad = recipients_of(body, conversation, channel) end
    if not bad then tags, bad = check_tags(options.tag_ids, conversation) end
    if not bad then files, bad = attach(body.attachments) end
    if bad then return bad end

    local last = conversation.messages[#conversation.messages]
    local message = {
      conversation = conversation, type = channel.kind, is_inbound = false, channel = channel, author = author,
      subject = body.subject or conversation.subject, recipients = recipients, signature = signature,
      attachments = files, tags = tags, archive = options.archive ~= false, replied_to = last,
      body = wrap(body.body, channel, signature, body.quote_body or last and last.body),
      sent_body = body.body, text = body.text or html.to_text(body.body),
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

  function messages.get(_, id)
    local uid = id:match("^alt:uid:(.+)$")
    local message
    if uid then message = threads.by_uid[uid] else message = company.find("msg", id) end
    if not message then return answers.unknown("message", id) end
    return answers.ok(views.message(message))
  end

  function messages.comments(request, conversation)
    return pages.whole(request, conversation.comments, views.comment)
  end

  function messages.comment(request, conversation)
    local body, bad = checks.body(request, COMMENT)
    if not body then return bad end
    local author, files
    if body.author_id then
      author = company.find("tea", body.author_id)
      if not author then return answers.unknown("teammate", body.author_id) end
    end
    files, bad = attach(body.attachments)
    if bad then return bad end
    local comment = threads.comment(conversation, {
      author = author, body = body.body, is_pinned = body.is_pinned, attachments = files,
      posted_at = company.now(),
    })
    events.comment(comment, request.grant and "oauth_client" or "api")
    return answers.ok(views.comment(comment), 201)
  end

  function messages.get_comment(_, id)
    local comment = company.find("com", id)
    if not comment then return answers.unknown("comment", id) end
    return answers.ok(views.comment(comment))
  end

  return messages
end
