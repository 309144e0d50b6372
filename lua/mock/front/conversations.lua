-- Answers for conversations: lists, search, changes of status, assignee and tags.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")
local search = mock.part("front/search")

return function(company, threads, ticketing, views, pages, events, fields)
  local conversations = {}

  -- `trashed` in q is `deleted` in answers (Front's specification).
  local BINS = { assigned = "assigned", unassigned = "unassigned", archived = "archived", trashed = "deleted" }

  local function oldest_first(a, b)
    if a.updated_at ~= b.updated_at then return a.updated_at < b.updated_at end
    if a.created_at ~= b.created_at then return a.created_at < b.created_at end
    return a.id < b.id
  end
  local function newest_first(a, b) return oldest_first(b, a) end

  -- Without q[statuses]: all except the trash.
  local function wanted_statuses(request)
    if request.params.flat_q then
      return nil, answers.error(400, "Bad request", { "q: must be an object such as q[statuses][]=assigned" })
    end
    local wanted
    for _, status in ipairs(request.params.q.statuses or {}) do
      wanted = wanted or {}
      if not BINS[status] then
        return nil, answers.error(400, "Bad request", { "q.statuses: unknown status " .. status })
      end
      wanted[BINS[status]] = true
    end
    return wanted or { assigned = true, unassigned = true, archived = true }
  end

  local function list(request, keep)
    local wanted, bad = wanted_statuses(request)
    if not wanted then return bad end
    local ticket
    ticket, bad = ticketing.filter(request.params.q)
    if not ticket then return bad end
    local found = {}
    for _, c in ipairs(threads.list) do
      if wanted[c.status] and (ticket == true or ticket(c)) and (not keep or keep(c)) then found[#found + 1] = c end
    end
    table.sort(found, request.params.sort_order == "asc" and oldest_first or newest_first)
    return pages.answer(request, found, views.conversation)
  end

  conversations.list_of = list

  function conversations.list(request)
    return pages.check_sort(request.params, { "date" }) or list(request)
  end

  function conversations.list_of_inbox(request, inbox_id)
    local inbox = company.find("inb", inbox_id)
    if not inbox then return answers.unknown("inbox", inbox_id) end
    return list(request, function(c) return c.inbox == inbox end)
  end

  function conversations.list_of_contact(request, contact_id)
    local contact = company.find("crd", contact_id)
    if not contact then return answers.unknown("contact", contact_id) end
    return list(request, function(c) return c.contact == contact end)
  end

  function conversations.list_of_teammate(request, teammate_id)
    local teammate = company.find("tea", teammate_id)
    if not teammate then return answers.unknown("teammate", teammate_id) end
    return list(request, function(c) return c.assignee == teammate end)
  end

  function conversations.list_of_tag(request, tag_id)
    local tag = company.find("tag", tag_id)
    if not tag then return answers.unknown("tag", tag_id) end
    return list(request, function(c)
      for _, t in ipairs(c.tags) do
        if t == tag then return true end
      end
      return false
    end)
  end

  function conversations.search(request, query)
    local tests, bad = search.parse(query)
    if not tests then return bad end
    local found = {}
    for _, c in ipairs(threads.list) do
      if search.matches(tests, c) then found[#found + 1] = c end
    end
    table.sort(found, newest_first)
    return pages.answer(request, found, views.conversation, #found)
  end

  -- Gives the conversations of one contact to another, which has taken it in.
  function conversations.give(contact, other)
    for _, c in ipairs(threads.list) do
      if c.contact == contact then c.contact = other end
    end
  end

  -- Returns a route's handler that calls HANDLER with the conversation. A merged one answers 301, for every method.
  function conversations.with(handler)
    return function(request, id)
      local into = threads.merged[id]
      if into then
        local before, after = request.path:match("^(.*/conversations/)[^/]+(.*)$")
        local query = request.query ~= "" and "?" .. request.query or ""
        return answers.moved(views.link(before .. into.id .. after .. query))
      end
      local conversation = company.find("cnv", id)
      if not conversation then return answers.unknown("conversation", id) end
      return handler(request, conversation)
    end
  end

  function conversations.get(_, conversation)
    return answers.ok(views.conversation(conversation))
  end

  function conversations.inboxes(request, conversation)
    return pages.whole(request, { conversation.inbox }, views.inbox)
  end

  local by = events.by

  local function find_assignee(id)
    if id == json.null then return nil end
    local teammate = company.find("tea", id)
    if not teammate then return nil, answers.unknown("teammate", id) end
    return teammate
  end

  function conversations.assign(request, conversation)
    local body, bad = checks.body(request, { assignee_id = { type = "string", required = true, null = true } })
    if not body then return bad end
    local teammate, unknown = find_assignee(body.assignee_id or json.null)
    if unknown then return unknown end
    threads.assign(conversation, teammate, by(request))
    return answers.none()
  end

  -- One event for each field: the target is the field.
  local function replace_fields(conversation, custom, source)
    local names = fields.changed(conversation.custom_fields, custom)
    conversation.custom_fields = custom
    for _, name in ipairs(names) do
      events.emit({
        type = "custom_field_updated", conversation = conversation, source = source,
        target = { type = "custom_field", fields.find("conversations", name) },
      })
    end
  end

  local CHANGES = {
    assignee_id = { type = "string", null = true }, inbox_id = { type = "string" }, status = { type = "string" },
    status_id = { type = "string" }, tag_ids = { type = "strings" }, custom_fields = { type = "object" },
    description = { type = "string", null = true, max = 65535 }, due_at = { type = "number", null = true },
  }
  local WRITTEN = { archived = "archived", open = "open", deleted = "deleted", spam = "deleted" }

  function conversations.update(request, conversation)
    local body, bad = checks.body(request, CHANGES)
    if not body then return bad end
    if body.status and not WRITTEN[body.status] then
      return answers.invalid("status: must be archived, open, deleted or spam")
    end
    if body.status_id and body.status then return answers.invalid("status, status_id: only one of them") end
    if body.status_id and not ticketing.enabled then return answers.invalid("status_id: ticketing is off") end
    if (body.description or body.due_at) and conversation.type ~= "task" then
      return answers.invalid("description, due_at: only for tasks")
    end
    local given = request.json or request.fields
    local teammate, tags, inbox, ticket, unknown
    if given.assignee_id ~= nil then teammate, unknown = find_assignee(given.assignee_id) end
    if not unknown and body.tag_ids then tags, unknown = checks.find_all(company, "tag", "tag", body.tag_ids) end
    if not unknown and body.inbox_id then
      inbox = company.find("inb", body.inbox_id)
      if not inbox then unknown = answers.unknown("inbox", body.inbox_id) end
    end
    if not unknown and body.status_id then
      ticket = company.find("sts", body.status_id)
      if not ticket then unknown = answers.unknown("status", body.status_id) end
    end
    local custom
    if not unknown then custom, unknown = fields.check("conversations", body.custom_fields) end
    if unknown then return unknown end

    local source = by(request)
    if given.assignee_id ~= nil then threads.assign(conversation, teammate, source) end
    if inbox then threads.move(conversation, inbox, source) end
    if tags then threads.replace_tags(conversation, tags, source) end -- replaces the whole set
    if custom then replace_fields(conversation, custom, source) end
    if body.status then threads.change_status(conversation, WRITTEN[body.status], source) end
    if ticket then
      local before = ticketing.status_of(conversation)
      local status = ticket.category == "resolved" and "archived" or "open"
      threads.change_status(conversation, status, source)
      conversation.ticket_status = ticket
      if before ~= ticket then
        events.emit({ type = "ticket_status_update", conversation = conversation, source = source })
      end
    end
    for _, name in ipairs({ "description", "due_at" }) do
      if given[name] ~= nil then conversation[name] = body[name] end
    end
    threads.touch(conversation)
    return answers.none()
  end

  local NEW = {
    type = { type = "string", required = true, enum = { "discussion", "task" } }, inbox_id = { type = "string" },
    teammate_ids = { type = "strings" }, subject = { type = "string", required = true },
    comment = { type = "object", fields = {
      author_id = { type = "string" }, body = { type = "string", required = true }, attachments = { type = "files" },
    } },
    description = { type = "string", max = 65535 }, due_at = { type = "number" }, custom_fields = { type = "object" },
  }

  -- Discussions and tasks only, as in Front's specification.
  function conversations.create(request)
    local body, bad = checks.body(request, NEW)
    if not body then return bad end
    if (body.description or body.due_at) and body.type ~= "task" then
      return answers.invalid("description, due_at: only for tasks")
    end
    local inbox, author, custom = company.inboxes[1], nil, nil
    local teammates
    teammates, bad = checks.find_all(company, "tea", "teammate", body.teammate_ids)
    if not bad then custom, bad = fields.check("conversations", body.custom_fields) end
    if bad then return bad end
    if body.inbox_id then inbox = company.find("inb", body.inbox_id) end
    if not inbox then return answers.unknown("inbox", body.inbox_id) end
    if body.comment and body.comment.author_id then
      author = company.find("tea", body.comment.author_id)
      if not author then return answers.unknown("teammate", body.comment.author_id) end
    end
    local conversation = threads.new({
      type = body.type, inbox = inbox, created_at = company.now(), subject = body.subject, status = "unassigned",
      description = body.description, due_at = body.due_at,
    })
    conversation.custom_fields = custom or {}
    conversation.followers = teammates
    if body.comment then
      local comment = threads.comment(conversation, {
        author = author, body = body.comment.body, posted_at = company.now(),
      })
      events.comment(comment, by(request))
    end
    return answers.ok(views.conversation(conversation), 201)
  end

  -- Deleted for good, which Front allows for what is in the trash.
  function conversations.remove(_, conversation)
    if conversation.status ~= "deleted" then
      return answers.error(400, "Conversation must be in the trash to be deleted for good")
    end
    company.drop(threads.list, conversation)
    return answers.none()
  end

  local function tags_of(request)
    local body, bad = checks.body(request, { tag_ids = { type = "strings", required = true } })
    if not body then return nil, bad end
    return checks.find_all(company, "tag", "tag", body.tag_ids)
  end

  function conversations.add_tags(request, conversation)
    local tags, bad = tags_of(request)
    if not tags then return bad end
    for _, tag in ipairs(tags) do
      if threads.tag(conversation, tag) then events.tagging("tag", conversation, tag, by(request)) end
    end
    threads.touch(conversation)
    return answers.none()
  end

  function conversations.remove_tags(request, conversation)
    local tags, bad = tags_of(request)
    if not tags then return bad end
    local gone, kept = {}, {}
    for _, tag in ipairs(tags) do gone[tag.id] = true end
    for _, tag in ipairs(conversation.tags) do
      if not gone[tag.id] then kept[#kept + 1] = tag end
    end
    threads.replace_tags(conversation, kept, by(request))
    threads.touch(conversation)
    return answers.none()
  end

  local with = conversations.with
  conversations.routes = {
    { "GET", "/conversations", conversations.list },
    { "POST", "/conversations", conversations.create },
    { "GET", "/conversations/search/{query}", conversations.search },
    { "GET", "/conversations/{id}", with(conversations.get) },
    { "PATCH", "/conversations/{id}", with(conversations.update) },
    { "DELETE", "/conversations/{id}", with(conversations.remove) },
    { "PUT", "/conversations/{id}/assignee", with(conversations.assign) },
    { "GET", "/conversations/{id}/events", with(events.of_conversation) },
    { "GET", "/conversations/{id}/inboxes", with(conversations.inboxes) },
    { "POST", "/conversations/{id}/tags", with(conversations.add_tags) },
    { "DELETE", "/conversations/{id}/tags", with(conversations.remove_tags) },
    { "GET", "/teammates/{id}/conversations", conversations.list_of_teammate },
  }

  return conversations
end
