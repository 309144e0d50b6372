-- A company's events: kept for GET /events and announced to the receivers. Types, source and target are those of
-- https://dev.frontapp.com/reference/events.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")
local event_types = mock.part("front/event_types")
local ordered = mock.part("engine/ordered")
local webhooks = mock.part("front/webhooks")

return function(company, ids, views, pages)
  local by_time = ordered(function(event) return event.emitted_at end)
  local events = {
    list = by_time.list, by_id = {},
    begins_at = 0, -- GET /events lists nothing older
  }
  local KEPT_MAX = 20000

  local VIEWS = {
    message = views.message, teammate = views.teammate, comment = views.comment, tag = views.tag,
    contact = views.contact, recipient = views.recipient, link = views.topic, rule = views.rule,
    custom_field = views.custom_field, inboxes = views.inbox,
    deleted_conversation_ids = views.texts,
  }
  local PATHS = {
    message = "/messages/", teammate = "/teammates/", comment = "/comments/", tag = "/tags/",
    inboxes = "/inboxes/", contact = "/contacts/", link = "/links/", rule = "/rules/",
    custom_field = "/custom_fields/",
  }

  -- Drops the older half when there is too much.
  local function make_room()
    if #events.list < KEPT_MAX then return end
    for i = 1, KEPT_MAX // 2 do events.by_id[events.list[i].id] = nil end
    by_time.drop(KEPT_MAX // 2)
  end

  -- {type, conversation, source = {type = …, record(s)}, target = {type = …, record}}
  function events.emit(event)
    event.id = ids.new("evt")
    event.emitted_at = event.emitted_at or company.now()
    make_room()
    by_time.add(event)
    events.by_id[event.id] = event
    webhooks.announce(company, events, event)
    return event
  end

  local function member(part)
    if not part then return nil end
    local kind, record = part.type, part[1]
    local out = { _meta = { type = kind } }
    if kind == "inboxes" and part.list then
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
    if part.list then record = record[1] end
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
      source = { type = "inboxes", list = true, { message.conversation.inbox } },
      target = { type = "message", message },
    })
  end

  -- Gives EVENT the source and target that its type, KNOWN, has: what its conversation has, or the company.
  function events.fill(event, known)
    local conversation = event.conversation
    local last = conversation.messages[#conversation.messages]
    local records = {
      teammate = conversation.assignee or company.teammates[1], inboxes = conversation.inbox, message = last,
      comment = conversation.comments[#conversation.comments], tag = conversation.tags[1] or company.tags[1],
      link = conversation.links[1] or company.links[1], recipient = last and last.recipients[#last.recipients],
      custom_field = company.fields.conversations[1], deleted_conversation_ids = { ids.new("cnv") },
    }
    local source = known.source or "teammate"
    event.source = { type = source, records[source] }
    if source == "inboxes" then event.source = { type = source, list = true, { conversation.inbox } } end
    if known.target then event.target = { type = known.target, records[known.target] } end
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

  -- Returns the teammates that a comment names as @username.
  function events.mentioned(comment)
    local out, seen = {}, {}
    for name in comment.body:gmatch("@([%w_.-]+)") do
      for _, teammate in ipairs(company.teammates) do
        if teammate.username == name:gsub("%.+$", "") and not seen[teammate] then
          seen[teammate] = true
          out[#out + 1] = teammate
        end
      end
    end
    return out
  end

  -- Emits an event for a comment, and one more when it mentions a teammate. The source is its author, else SOURCE.
  function events.comment(comment, source)
    source = comment.author and { type = "teammate", comment.author } or source
    for _, kind in ipairs({ "comment", events.mentioned(comment)[1] and "mention" or nil }) do
      events.emit({
        type = kind, conversation = comment.conversation, target = { type = "comment", comment }, source = source,
      })
    end
  end

  -- Assigned to a teammate, or unassigned: then there is no target.
  function events.assignment(conversation, source)
    local teammate = conversation.assignee
    events.emit({
      type = teammate and "assign" or "unassign", conversation = conversation, source = source,
      target = teammate and { type = "teammate", teammate },
    })
  end

  -- Returns the source of what REQUEST changes: the token's kind, or the person or rule that a control names.
  function events.by(request)
    return request.source or { type = request.grant and "oauth_client" or "api" }
  end

  -- Returns the teammate that makes REQUEST, by a control; nil for a token.
  function events.author(request)
    local source = request.source
    return source and source.type == "teammate" and source[1] or nil
  end

  local function time_of(q, name)
    if not q[name] then return nil end
    local at = tonumber(q[name][1])
    if not at then return nil, answers.error(400, "Bad request", { "q." .. name .. ": must be a timestamp" }) end
    return at
  end

  -- Returns a test of events for q[types] and q[inboxes]; nil without them; nil and the answer when one is wrong.
  local function filter_of(q)
    local types, inboxes = q.types and {}, q.inboxes and {}
    for _, name in ipairs(q.types or {}) do
      if not event_types.all[name] then
        return nil, answers.error(400, "Bad request", { "q.types: unknown type " .. name })
      end
      types[name] = true
    end
    local found, bad = checks.find_all(company, "inb", "inbox", q.inboxes)
    if not found then return nil, bad end
    for _, inbox in ipairs(found) do inboxes[inbox] = true end
    if not types and not inboxes then return nil end
    return function(event)
      local inbox = event.conversation and event.conversation.inbox
      return (not types or types[event.type]) and (not inboxes or inboxes[inbox])
    end
  end

  -- Answers with the events LIST[from + 1] to LIST[upto] that KEEP lets pass, newest first unless sort_order is asc.
  local function answer(request, list, from, upto, keep)
    local ascending = request.params.sort_order == "asc"
    if keep then
      local kept = {}
      for i = from + 1, upto do
        if keep(list[i]) then kept[#kept + 1] = list[i] end
      end
      list, from, upto = kept, 0, #kept
    end
    return pages.slice(request, upto - from, function(i)
      return ascending and list[from + i] or list[upto + 1 - i]
    end, events.view)
  end

  -- Answers with at most 15 a page, as in Front's specification. `before` and `after` are seconds; neither includes its
  -- moment.
  function events.get_list(request)
    local params = request.params
    params.limit = params.limit or "15"
    if (tonumber(params.limit) or 0) > 15 then
      return answers.error(400, "Bad request", { "limit: must be an integer from 1 to 15" })
    end
    local bad = pages.check_sort(params, { "created_at" })
    local after, before, keep
    if not bad then after, bad = time_of(params.q, "after") end
    if not bad then before, bad = time_of(params.q, "before") end
    if not bad then keep, bad = filter_of(params.q) end
    if bad then return bad end
    local from = math.max(after and by_time.below(after, true) or 0, by_time.below(events.begins_at))
    local upto = before and by_time.below(before) or #events.list
    return answer(request, events.list, from, math.max(from, upto), keep)
  end

  function events.of_conversation(request, conversation)
    return answer(request, events.list, 0, #events.list, function(event)
      return event.conversation == conversation
    end)
  end

  function events.get(_, id)
    local event = events.by_id[id]
    if not event then return answers.unknown("event", id) end
    return answers.ok(events.view(event))
  end

  events.routes = { { "GET", "/events", events.get_list }, { "GET", "/events/{id}", events.get } }

  return events
end
