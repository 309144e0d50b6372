-- Drafts: messages with a version, which each change replaces. A write with an older version is a 409.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")
local html = mock.part("engine/html")

return function(company, ids, records, threads, views, pages, messages, attachments, conversations)
  local drafts = {}

  local NEW = {
    author_id = { type = "string" }, to = { type = "strings" }, cc = { type = "strings" }, bcc = { type = "strings" },
    subject = { type = "string" }, body = { type = "string", required = true }, quote_body = { type = "string" },
    attachments = { type = "files" }, mode = { type = "string", enum = { "private", "shared" } },
    signature_id = { type = "string", null = true }, should_add_default_signature = { type = "boolean" },
  }
  local REPLY = { channel_id = { type = "string", required = true } }
  for name, field in pairs(NEW) do REPLY[name] = field end
  local EDIT = { version = { type = "string" } }
  for name, field in pairs(REPLY) do EDIT[name] = field end
  EDIT.mode = { type = "string", enum = { "shared" } }

  local count = 0
  local function new_version()
    count = count + 1
    return ("%s-%d-%d-%04x"):format(ids.hex(32), 26000 + count, math.floor(company.now() * 1000), count)
  end

  -- Fills DRAFT from the body; returns the answer when something is wrong.
  local function fill(request, draft, body, channel, conversation)
    local author, signature, files, bad
    author, bad = messages.find_author(body.author_id, conversation or { inbox = channel.inbox })
    if not bad then signature, bad = messages.find_signature(body, channel, author) end
    if not bad then files, bad = attachments.attach(request, body.attachments) end
    if bad then return bad end
    draft.channel, draft.type = channel, channel.kind
    draft.author = author or draft.author
    draft.signature = signature or draft.signature
    draft.subject = body.subject or draft.subject or conversation and conversation.subject
    draft.body, draft.text = body.body, html.to_text(body.body)
    if files[1] or not draft.attachments then draft.attachments = files end
    draft.recipients = { { handle = channel.address, role = "from" } }
    for _, role in ipairs({ "to", "cc", "bcc" }) do
      for _, handle in ipairs(body[role] or {}) do
        draft.recipients[#draft.recipients + 1] = { handle = handle, role = role }
      end
    end
    if conversation and conversation.handle and not body.to and not body.cc then
      table.insert(draft.recipients, 2, { handle = conversation.handle, role = "to" })
    end
    draft.draft_mode = body.mode or draft.draft_mode or "private"
    draft.version = new_version()
    return nil
  end

  local function keep(draft, conversation)
    draft.is_inbound, draft.created_at, draft.uid, draft.conversation = false, company.now(), ids.hex(32), conversation
    company.add("msg", draft)
    table.insert(conversation.drafts, draft)
    threads.touch(conversation)
    return answers.ok(views.message(draft)) -- 200, not 201, as in Front's specification
  end

  local function reply(request, conversation)
    local body, bad = checks.body(request, REPLY)
    if not body then return bad end
    local channel = company.find("cha", body.channel_id)
    if not channel then return answers.unknown("channel", body.channel_id) end
    local draft = { replied_to = conversation.messages[#conversation.messages] }
    bad = fill(request, draft, body, channel, conversation)
    if bad then return bad end
    return keep(draft, conversation)
  end

  -- Makes a draft in a new conversation.
  local function create(request, channel)
    local body, bad = checks.body(request, NEW)
    if not body then return bad end
    local draft = {}
    bad = fill(request, draft, body, channel)
    if bad then return bad end
    local to = draft.recipients[2]
    local conversation = to and threads.open(to.handle, nil, channel.inbox, body.subject) or threads.new({
      inbox = channel.inbox, created_at = company.now(), subject = body.subject or "", status = "unassigned",
    })
    conversation.channel = channel
    return keep(draft, conversation)
  end

  local function list(request, conversation)
    return pages.answer(request, conversation.drafts, views.message)
  end

  local function with(handler)
    return records.with("msg", "message", function(request, message)
      if not message.draft_mode then return answers.unknown("draft", message.id) end
      return handler(request, message)
    end)
  end

  local function check_version(draft, version)
    if version == draft.version then return nil end
    return answers.error(409, "The draft has changed: its version is another")
  end

  -- Changes the draft without a version too, which is a guess.
  local function edit(request, draft)
    local body, bad = checks.body(request, EDIT)
    if not body then return bad end
    bad = body.version and check_version(draft, body.version)
    if bad then return bad end
    local channel = company.find("cha", body.channel_id)
    if not channel then return answers.unknown("channel", body.channel_id) end
    bad = fill(request, draft, body, channel, draft.conversation)
    if bad then return bad end
    threads.touch(draft.conversation)
    return answers.ok(views.message(draft))
  end

  local function remove(request, draft)
    local body, bad = checks.body(request, { version = { type = "string", required = true } })
    if not body then return bad end
    bad = check_version(draft, body.version)
    if bad then return bad end
    company.drop(draft.conversation.drafts, draft)
    threads.touch(draft.conversation)
    return answers.none()
  end

  drafts.routes = {
    { "POST", "/channels/{id}/drafts", records.with("cha", "channel", create) },
    { "PATCH", "/drafts/{id}/", with(edit) },
    { "DELETE", "/drafts/{id}", with(remove) },
    { "GET", "/conversations/{id}/drafts", conversations.with(list) },
    { "POST", "/conversations/{id}/drafts", conversations.with(reply) },
  }
  return drafts
end
