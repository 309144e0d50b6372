-- Conversations and their changes: letters come in, sent messages appear late.
local mock = ...
local chaos = mock.part("faults/chaos")
local html = mock.part("engine/html")
local timers = mock.part("engine/timers")
local words = mock.part("front/words")

return function(company, ids, events)
  local threads = {
    list = {},   -- oldest first
    merged = {}, -- id -> the conversation that took it in
    late = 0,    -- number of accepted messages that do not exist yet
    accepted = {}, -- id of the conversation, of the channel for a new one -> messages accepted, oldest first
  }
  -- How sent messages appear. `late`: seconds, 0 to 5 by the seed when nil. `never`: not at all. `times`: for that many
  -- messages.
  threads.appearance = {}

  -- An open conversation has the status assigned or unassigned, as in Front.
  function threads.set_status(conversation, status)
    if status == "open" then
      status = conversation.assignee and "assigned" or "unassigned"
    end
    conversation.status = status
    conversation.ticket_status = nil
    if status ~= "archived" then conversation.reminders = {} end
  end

  -- Sets the status and emits the event. SOURCE: its source.
  function threads.change_status(conversation, status, source)
    local before = conversation.status
    threads.set_status(conversation, status)
    local kind = conversation.status
    if kind == "archived" then kind = "archive" elseif kind == "deleted" then kind = "trash" else kind = nil end
    if not kind then kind = ({ archived = "reopen", deleted = "restore" })[before] end
    if kind and conversation.status ~= before then
      events.emit({ type = kind, conversation = conversation, source = source })
    end
  end

  -- SOURCE: the source of the event.
  function threads.assign(conversation, teammate, source)
    local before = conversation.assignee
    conversation.assignee = teammate
    if conversation.status == "assigned" or conversation.status == "unassigned" then
      threads.set_status(conversation, "open")
    end
    threads.touch(conversation)
    if teammate ~= before then events.assignment(conversation, source) end
  end

  function threads.touch(conversation, at)
    conversation.updated_at = math.max(conversation.updated_at, at or company.now())
  end

  function threads.new(conversation)
    conversation.type = conversation.type or "conversation"
    conversation.tags = conversation.tags or {}
    conversation.messages, conversation.comments, conversation.reminders = {}, {}, {}
    conversation.custom_fields, conversation.links, conversation.followers, conversation.drafts = {}, {}, {}, {}
    conversation.updated_at = conversation.created_at
    conversation.is_private = conversation.inbox.is_private
    company.add("cnv", conversation)
    threads.list[#threads.list + 1] = conversation
    return conversation
  end

  -- Returns the contact with HANDLE, a new one when there is none.
  function threads.contact_of(handle, name, inbox)
    local source = company.source_of(inbox.channel)
    return company.by_handle[company.handle_key(source, handle)] or company.add_contact({
      name = name or handle, handles = { { handle = handle, source = source } },
    })
  end

  -- Returns a new conversation with HANDLE. Adds a contact when there is none.
  function threads.open(handle, name, inbox, subject)
    local contact = threads.contact_of(handle, name, inbox)
    return threads.new({
      inbox = inbox, channel = inbox.channel, created_at = company.now(), subject = subject or "",
      contact = contact, handle = handle, status = "unassigned",
    })
  end

  -- Adds a message, which exists from now on.
  function threads.append(conversation, message)
    message.conversation = conversation
    message.uid = message.uid or ids.hex(32)
    message.text = message.text or html.to_text(message.body)
    message.attachments = message.attachments or {}
    company.add("msg", message)
    conversation.messages[#conversation.messages + 1] = message
    company.by_uid[message.uid] = message
    threads.touch(conversation, message.created_at)
    if message.is_inbound then
      conversation.waiting_since = conversation.waiting_since or message.created_at
    else
      conversation.waiting_since = nil
    end
    return message
  end

  -- Adds a customer's message. FILES: its attachments, or nil.
  function threads.receive(conversation, text, at, subject, files)
    local contact, channel = conversation.contact, conversation.channel
    return threads.append(conversation, {
      type = channel.kind, is_inbound = true, created_at = at, channel = channel,
      subject = subject or conversation.subject, body = html.from_text(text), text = text, attachments = files,
      recipients = {
        { handle = conversation.handle, name = contact.name, role = "from" },
        { handle = channel.address, role = "to" },
      },
    })
  end

  function threads.comment(conversation, comment)
    comment.conversation = conversation
    comment.attachments = comment.attachments or {}
    company.add("com", comment)
    conversation.comments[#conversation.comments + 1] = comment
    threads.touch(conversation, comment.posted_at)
    return comment
  end

  function threads.deliver(message)
    local conversation = message.conversation
    message.created_at = company.now()
    threads.append(conversation, message)
    events.message("outbound", message)
    if message.replied_to then events.message("out_reply", message) end
    for _, tag in ipairs(message.tags) do
      if threads.tag(conversation, tag) then events.tagging("tag", conversation, tag, { type = "api" }) end
    end
    if message.archive then threads.change_status(conversation, "archived", { type = "api" }) end
    if message.channel.server then message.channel.server.deliver(message) end
  end

  -- Adds a tag. Returns whether it is new there.
  function threads.tag(conversation, tag)
    for _, known in ipairs(conversation.tags) do
      if known == tag then return false end
    end
    table.insert(conversation.tags, tag)
    return true
  end

  -- Sets the tags, with an event for each that comes or goes.
  function threads.replace_tags(conversation, tags, source)
    local before, had = conversation.tags, {}
    conversation.tags = {}
    for _, tag in ipairs(before) do had[tag] = true end
    for _, tag in ipairs(tags) do threads.tag(conversation, tag) end
    local has = {}
    for _, tag in ipairs(conversation.tags) do
      has[tag] = true
      if not had[tag] then events.tagging("tag", conversation, tag, source) end
    end
    for _, tag in ipairs(before) do
      if not has[tag] then events.tagging("untag", conversation, tag, source) end
    end
  end

  function threads.move(conversation, inbox, source)
    if conversation.inbox == inbox then return end
    conversation.inbox = inbox
    conversation.is_private = inbox.is_private
    events.emit({ type = "move", conversation = conversation, source = source, target = { type = "inboxes", inbox } })
  end

  -- Takes ONE into INTO: its id answers 301 from then on. The id of what was deleted is the event's target.
  function threads.merge(one, into, source)
    for _, name in ipairs({ "messages", "comments" }) do
      for _, item in ipairs(one[name]) do
        item.conversation = into
        table.insert(into[name], item)
      end
    end
    table.sort(into.messages, function(a, b) return a.created_at < b.created_at end)
    table.sort(into.comments, function(a, b) return a.posted_at < b.posted_at end)
    for _, tag in ipairs(one.tags) do threads.tag(into, tag) end
    company.drop(threads.list, one)
    threads.merged[one.id] = into
    threads.touch(into)
    return events.emit({
      type = "conversations_merged", conversation = into, source = source,
      target = { type = "deleted_conversation_ids", { one.id } },
    })
  end

  -- Accepts a message, which appears at once, late, or never. ARRIVE() makes it exist; without it the message is a
  -- reply and is sent.
  function threads.accept(message, arrive)
    local how = threads.appearance
    message.uid = ids.hex(32)
    local seconds = mock.random(6) - 1 -- always drawn, so that a setting does not shift later draws
    local what = message.conversation and message.conversation.id or message.external_id or message.channel.id
    local chaos_seconds, never = chaos.appearance(what, #(threads.accepted[what] or {}))
    seconds = how.late or chaos_seconds or seconds
    if how.never ~= nil then never = how.never end
    if how.times then
      how.times = how.times - 1
      if how.times == 0 then threads.appearance = {} end
    end
    message.never, message.due_at = never, mock.now() + seconds
    if not arrive or message.sent_body then
      local accepted = threads.accepted[what] or {}
      threads.accepted[what] = accepted
      accepted[#accepted + 1] = message
      message.accepted_mono = mock.clock()
    end
    arrive = arrive or function() threads.deliver(message) end
    if seconds <= 0 and not never then return arrive() end
    threads.late = threads.late + 1
    if never then return end
    timers.after(seconds, function()
      threads.late = threads.late - 1
      arrive()
    end)
  end

  -- Returns the accepted messages that do not exist yet, or never will.
  function threads.waiting(conversation)
    local out = {}
    for _, message in ipairs(threads.accepted[conversation.id] or {}) do
      if not company.by_uid[message.uid] then out[#out + 1] = message end
    end
    return out
  end

  local function letter()
    local chosen = company.pick(words.letters)
    local order = 1000 + mock.random(8999)
    return chosen[1]:gsub("%%d", order), (chosen[2]:gsub("%%d", order))
  end

  local function greet(contact, text)
    return "Hi,\n\n" .. text .. "\n\n" .. contact.name
  end

  -- Returns the contact's handle for that channel, or nil.
  local function handle_for(contact, channel)
    for _, h in ipairs(contact.handles) do
      if h.source == company.source_of(channel) then return h.handle end
    end
    return nil
  end

  local function correspondent(channel)
    while true do
      local contact = company.pick(company.contacts)
      local handle = handle_for(contact, channel)
      if handle then return contact, handle end
    end
  end

  local function seed_messages(conversation, at, turns)
    local subject, text = letter()
    conversation.subject = subject
    if conversation.channel.kind ~= "email" then conversation.subject = nil end
    threads.receive(conversation, greet(conversation.contact, text), at)
    for turn = 1, turns do
      at = at + 300 + mock.random(1500)
      if turn % 2 == 0 then
        local thanks = company.pick(words.thanks):gsub("%%d", 4711)
        threads.receive(conversation, thanks, at)
      else
        local author = company.pick(company.teammates)
        if not company.has_access(author, { conversation.inbox }) then author = company.teammates[1] end
        local body = "<p>" .. html.escape(company.pick(words.replies)) .. "</p>"
        threads.append(conversation, {
          type = conversation.channel.kind, is_inbound = false, created_at = at, author = author,
          channel = conversation.channel, subject = conversation.subject, body = body,
          recipients = {
            { handle = conversation.channel.address, role = "from" },
            { handle = conversation.handle, name = conversation.contact.name, role = "to" },
          },
        })
      end
    end
    return at
  end

  local function seed_state(conversation, n, at)
    if n % 3 ~= 0 then
      local author = company.pick(company.teammates)
      conversation.assignee = company.has_access(author, { conversation.inbox }) and author or nil
    end
    threads.set_status(conversation, (n % 4 == 1 and "archived") or (n % 53 == 2 and "deleted") or "open")
    if n % 41 == 1 then -- snoozed: archived, with a reminder
      threads.set_status(conversation, "archived")
      conversation.reminders = { {
        owner = conversation.assignee or company.teammates[1], created_at = at, updated_at = at,
        scheduled_at = math.floor(company.epoch) + 86400 * 3,
      } }
    end
    for _ = 1, mock.random(3) - 1 do
      local tag = company.pick(company.tags)
      if not tag.is_private then threads.tag(conversation, tag) end
    end
    if n % 8 == 0 then
      threads.comment(conversation, {
        author = company.teammates[mock.random(5)], body = company.pick(words.comments), posted_at = at + 60,
      })
    end
  end

  -- Discussions and tasks have neither recipient nor messages.
  local function seed_internal(n, at)
    local task = n % 40 == 10
    local conversation = threads.new({
      type = task and "task" or "discussion", inbox = company.inboxes[1], created_at = at,
      subject = company.pick(task and words.tasks or words.discussions), assignee = company.teammates[mock.random(7)],
    })
    if task then
      conversation.description = "Please by the end of the month"
      conversation.due_at = math.floor(company.epoch) + 86400 * 20
    end
    threads.set_status(conversation, "open")
    threads.comment(conversation, {
      author = company.teammates[1], body = "What do you think?", posted_at = at + 120, is_pinned = true,
    })
  end

  function threads.seed()
    local bag = {}
    for _, inbox in ipairs(company.inboxes) do
      for _ = 1, inbox.weight do bag[#bag + 1] = inbox end
    end
    local last = 320
    for n = 1, last do
      local at = company.ago((last - n) * 3 * 3600 + 3600 + mock.random(1800))
      if n % 20 == 10 then
        seed_internal(n, at)
      else
        local inbox = n == last and company.inboxes[1] or company.pick(bag)
        local contact, handle = correspondent(inbox.channel)
        local conversation = threads.new({
          inbox = inbox, channel = inbox.channel, contact = contact, handle = handle, created_at = at,
        })
        -- The newest one is a letter to Support without any reply or change.
        at = seed_messages(conversation, at, n == last and 0 or mock.random(5) - 1)
        conversation.status = "unassigned"
        if n ~= last then seed_state(conversation, n, at) end
        if n % 100 == 55 then -- two channels, so a reply must name one
          conversation.other_channel = company.channels[2]
        end
      end
    end
    -- Four merged conversations, whose ids answer 301.
    for i = 1, 4 do
      threads.merged[ids.new("cnv")] = threads.list[#threads.list - 20 * i + 6]
    end
  end

  return threads
end
