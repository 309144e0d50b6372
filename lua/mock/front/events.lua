-- A company's events: kept for GET /events and announced to the receivers. Types, source and target are those of
-- https://dev.frontapp.com/reference/events.
local mock = ...
local answers = mock.part("engine/answers")
local webhooks = mock.part("front/webhooks")

return function(company, ids, views, pages)
  local events = { list = {}, by_id = {} }
  local KEPT_MAX = 20000

  local VIEWS = {
    message = views.message, teammate = views.teammate, comment = views.comment, tag = views.tag,
    contact = views.contact, recipient = views.recipient,
  }
  local PATHS = {
    message = "/messages/", teammate = "/teammates/", comment = "/comments/", tag = "/tags/",
    inboxes = "/inboxes/", contact = "/contacts/",
  }

  -- Drops the older half when there is too much.
  local function make_room()
    if #events.list < KEPT_MAX then return end
    for i = 1, KEPT_MAX // 2 do events.by_id[events.list[i].id] = nil end
    events.list = table.move(events.list, KEPT_MAX // 2 + 1, #events.list, 1, {})
  end

  -- {type, conversation, source = {type = …, record(s)}, target = {type = …, record}}
  function events.emit(event)
    event.id = ids.new("evt")
    event.emitted_at = event.emitted_at or company.now()
    make_room()
    events.list[#events.list + 1] = event
    events.by_id[event.id] = event
    webhooks.announce(company, events, event)
    return event
  end

  local function member(part)
    if not part then return nil end
    local kind, record = part.type, part[1]
    local out = { _meta = { type = kind } }
    if kind == "inboxes" then
      out.data = answers.list(record, views.inbox)
    elseif record then
      out.data = VIEWS[kind](record)
    end
    return out
  end

  -- The full form, of GET /events and application webhooks.
  function events.view(event)
    return {
      _links = { self = views.link("/events/" .. event.id) }, id = event.id, type = event.type,
      emitted_at = event.emitted_at, conversation = event.conversation and views.conversation(event.conversation),
      source = member(event.source), target = member(event.target),
      contact = event.contact and views.contact(event.contact),
    }
  end

  -- Source or target of a preview.
  local function short(part)
    if not part then return nil end
    local record = part[1]
    if part.type == "inboxes" then record = record[1] end
    local out = { _meta = { type = part.type } }
    if record and PATHS[part.type] then
      out._links, out.id = { self = views.link(PATHS[part.type] .. record.id) }, record.id
    end
    return out
  end

  -- The preview, which rule webhooks send without "Send Full Event Data".
  function events.preview(event)
    local conversation = event.conversation
    return {
      _links = { self = views.link("/events/" .. event.id) }, id = event.id, type = event.type,
      emitted_at = event.emitted_at, source = short(event.source), target = short(event.target),
      conversation = conversation and { _links = views.conversation_links(conversation), id = conversation.id },
    }
  end

  function events.message(kind, message)
    return events.emit({
      type = kind, conversation = message.conversation, emitted_at = message.created_at,
      source = { type = "inboxes", { message.conversation.inbox } }, target = { type = "message", message },
    })
  end

  -- KIND: message_bounce_error or sending_error; application webhooks call both message_delivery_failed.
  function events.failure(kind, message)
    local to = message.recipients[#message.recipients]
    return events.emit({
      type = kind, conversation = message.conversation, source = { type = "recipient", to },
      target = { type = "message", message },
    })
  end

  function events.tagging(kind, conversation, tag, source)
    events.emit({ type = kind, conversation = conversation, source = source, target = { type = "tag", tag } })
  end

  -- The source is its author, else the kind of the token, WHOSE.
  function events.comment(comment, whose)
    events.emit({
      type = "comment", conversation = comment.conversation, target = { type = "comment", comment },
      source = comment.author and { type = "teammate", comment.author } or { type = whose },
    })
  end

  -- Assigned to a teammate, or unassigned: then there is no target.
  function events.assignment(conversation, source)
    local teammate = conversation.assignee
    events.emit({
      type = teammate and "assign" or "unassign", conversation = conversation, source = source,
      target = teammate and { type = "teammate", teammate },
    })
  end

  local function newest_first(list)
    local out = {}
    for i = #list, 1, -1 do out[#out + 1] = list[i] end
    return out
  end

  -- At most 15 a page, as in Front's specification.
  function events.get_list(request)
    request.params.limit = request.params.limit or "15"
    if (tonumber(request.params.limit) or 0) > 15 then
      return answers.error(400, "Bad request", { "limit: must be an integer from 1 to 15" })
    end
    return pages.answer(request, newest_first(events.list), events.view)
  end

  function events.of_conversation(request, conversation)
    local found = {}
    for _, event in ipairs(events.list) do
      if event.conversation == conversation then found[#found + 1] = event end
    end
    return pages.answer(request, newest_first(found), events.view)
  end

  function events.get(_, id)
    local event = events.by_id[id]
    if not event then return answers.unknown("event", id) end
    return answers.ok(events.view(event))
  end

  return events
end
