-- Answers for conversations: lists, search, changes of status, assignee and tags.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")
local search = mock.part("front/search")

return function(company, threads, ticketing, views, pages, events)
  local conversations = {}

  -- `trashed` in q is `deleted` in answers (Front's specification).
  local BINS = { assigned = "assigned", unassigned = "unassigned", archived = "archived", trashed = "deleted" }

  local function newest_first(a, b) return a.updated_at > b.updated_at end
  local function oldest_first(a, b) return a.updated_at < b.updated_at end

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

  -- The source in events of a change through the API.
  local function by_api(request)
    return { type = request.grant and "oauth_client" or "api" }
  end

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
    threads.assign(conversation, teammate, by_api(request))
    return answers.none()
  end

  local CHANGES = {
    assignee_id = { type = "string", null = true }, inbox_id = { type = "string" }, status = { type = "string" },
    status_id = { type = "string" }, tag_ids = { type = "strings" }, custom_fields = { type = "object" },
    description = { type = "string" }, due_at = { type = "number" },
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
    local given = (request.json or request.fields).assignee_id
    local teammate, tags, inbox, ticket, unknown
    if given ~= nil then teammate, unknown = find_assignee(given) end
    if not unknown and body.tag_ids then tags, unknown = checks.find_all(company, "tag", "tag", body.tag_ids) end
    if not unknown and body.inbox_id then
      inbox = company.find("inb", body.inbox_id)
      if not inbox then unknown = answers.unknown("inbox", body.inbox_id) end
    end
    if not unknown and body.status_id then
      ticket = company.find("sts", body.status_id)
      if not ticket then unknown = answers.unknown("status", body.status_id) end
    end
    if unknown then return unknown end

    if given ~= nil then threads.assign(conversation, teammate, by_api(request)) end
    if body.status then threads.change_status(conversation, WRITTEN[body.status], by_api(request)) end
    if ticket then
      local status = ticket.category == "resolved" and "archived" or "open"
      threads.change_status(conversation, status, by_api(request))
      conversation.ticket_status = ticket
    end
    conversation.tags = tags or conversation.tags -- replaces the whole set
    conversation.inbox = inbox or conversation.inbox
    conversation.custom_fields = body.custom_fields or conversation.custom_fields
    conversation.description = body.description or conversation.description
    conversation.due_at = body.due_at or conversation.due_at
    threads.touch(conversation)
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
      if threads.tag(conversation, tag) then events.tagging("tag", conversation, tag, by_api(request)) end
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
    local before = conversation.tags
    conversation.tags = kept
    for _, tag in ipairs(before) do
      if gone[tag.id] then events.tagging("untag", conversation, tag, by_api(request)) end
    end
    threads.touch(conversation)
    return answers.none()
  end

  return conversations
end
