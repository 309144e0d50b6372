-- The controls of the mock, under /_mock and without a token: faults, the log, settings, and changes in the company
-- such as an assignment or a new contact.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")
local clock = mock.part("engine/clock")
local companies = mock.part("front/companies")
local event_types = mock.part("front/event_types")
local faults = mock.part("faults/faults")
local log = mock.part("engine/log")

return function(company, threads, views, pages, events, ticketing, limits, contacts, add_company)
  local control = {}

  function control.summary()
    return answers.ok({
      company = views.company(), epoch = company.epoch, conversations = #threads.list,
      contacts = #company.contacts, inboxes = #company.inboxes, late = threads.late,
      merged = control.merged(),
    })
  end

  function control.merged()
    local out = {}
    for id, into in pairs(threads.merged) do out[id] = into.id end
    return out
  end

  function control.get_log()
    local requests = json.array(table.move(log.entries, 1, #log.entries, 1, {}))
    return answers.ok({ requests = requests, dropped = log.dropped })
  end

  function control.clear_log()
    log.clear()
    return answers.none()
  end

  function control.get_faults()
    return answers.ok({ faults = answers.list(faults.list, function(fault) return fault end) })
  end

  -- One fault or a list of them; none is set when one is wrong.
  function control.add_faults(request)
    if request.bad_body then return request.bad_body end
    local given = request.json
    if type(given) ~= "table" then return answers.invalid("body: must be a fault or a list of faults") end
    local new = json.is_array(given) and given or { given }
    local before = #faults.list
    for _, fault in ipairs(new) do
      local checked, bad = checks.body({ json = fault }, faults.schema)
      local why = checked and faults.add(checked)
      if why then bad = answers.invalid(why) end
      if bad then
        while #faults.list > before do table.remove(faults.list) end
        return bad
      end
    end
    return control.get_faults()
  end

  function control.clear_faults()
    faults.list = {}
    return answers.none()
  end

  local function set(settings, request, schema)
    local body, bad = checks.body(request, schema)
    if not body then return bad end
    for name, value in pairs(body) do settings[name] = value end
    return answers.ok(settings)
  end

  -- {limit, window = seconds, enforce = true, retry_after, burst, oauth_limit}; resets the counts
  function control.set_limits(request)
    limits.reset()
    return set(limits.settings, request, {
      limit = { type = "number" }, window = { type = "number" }, enforce = { type = "boolean" },
      retry_after = { type = "number" }, burst = { type = "number" }, oauth_limit = { type = "number" },
    })
  end

  function control.get_limits()
    return answers.ok(limits.summary())
  end

  -- {cap = results a page, empty = true}; replaces what was set before
  function control.set_paging(request)
    pages.settings = {}
    return set(pages.settings, request, { cap = { type = "number" }, empty = { type = "boolean" } })
  end

  -- {enabled = true}
  function control.set_ticketing(request)
    local body, bad = checks.body(request, { enabled = { type = "boolean", required = true } })
    if not body then return bad end
    ticketing.enabled = body.enabled
    return answers.ok(body)
  end

  -- {from = unix seconds}: GET /events lists nothing older, as though the company's history began there
  function control.set_history(request)
    local body, bad = checks.body(request, { from = { type = "number", required = true } })
    if not body then return bad end
    events.begins_at = body.from
    return answers.ok({ from = events.begins_at })
  end

  -- {now = unix seconds} stops the mock's clock there; {offset = seconds} moves it and lets it run; {} resets it
  function control.set_clock(request)
    local body, bad = checks.body(request, { now = { type = "number" }, offset = { type = "number" } })
    if not body then return bad end
    clock.stopped, clock.offset = body.now, body.offset or 0
    return answers.ok({ now = clock.now() })
  end

  function control.get_companies()
    return answers.ok({ companies = answers.list(companies.list, function(one)
      return { number = one.number, id = one.company.id, name = one.name }
    end) })
  end

  -- {name?, token?}: adds a company
  function control.add_company(request)
    local body, bad = checks.body(request, { name = { type = "string" }, token = { type = "string" } })
    if not body then return bad end
    local one, why = add_company(body.name, body.token)
    if not one then return answers.invalid(why) end
    return answers.ok({ number = one.number, id = one.company.id, name = one.name }, 201)
  end

  -- {late = seconds, never = true, times = messages}: how sent messages appear from now on
  function control.set_messages(request)
    threads.appearance = {}
    return set(threads.appearance, request, {
      late = { type = "number" }, never = { type = "boolean" }, times = { type = "number" },
    })
  end

  function control.clear_messages()
    threads.appearance = {}
    return answers.none()
  end

  -- {conversation, teammate = id, alias or null}
  function control.assign(request)
    local body, bad = checks.body(request, {
      conversation = { type = "string", required = true }, teammate = { type = "string", null = true },
    })
    if not body then return bad end
    local conversation = company.find("cnv", body.conversation)
    if not conversation then return answers.unknown("conversation", body.conversation) end
    local teammate = body.teammate and company.find("tea", body.teammate)
    if body.teammate and not teammate then return answers.unknown("teammate", body.teammate) end
    threads.assign(conversation, teammate, { type = "teammate", company.teammates[1] })
    return answers.ok(views.conversation(conversation))
  end

  -- Creates a contact as POST /contacts. Front has no event for that; event = true sends a plain contact_created, as a
  -- server of the agency might.
  function control.contact(request)
    local tell = false
    if type(request.json) == "table" then
      tell = request.json.event == true
      request.json.event = nil
    end
    local answer = contacts.create(request)
    if tell and answer.status == 201 then
      events.emit({ type = "contact_created", contact = company.find("crd", answer.body.id) })
    end
    return answer
  end

  -- {conversation, into}: merges one conversation into another, as the first teammate
  function control.merge(request)
    local body, bad = checks.body(request, {
      conversation = { type = "string", required = true }, into = { type = "string", required = true },
    })
    if not body then return bad end
    local one, into = company.find("cnv", body.conversation), company.find("cnv", body.into)
    if not one then return answers.unknown("conversation", body.conversation) end
    if not into or into == one then return answers.unknown("conversation", body.into) end
    return answers.ok({ event = threads.merge(one, into, { type = "teammate", company.teammates[1] }).id }, 201)
  end

  -- {type, conversation?, teammate?, contact?}: sends a plain event that Front does not have, as a server of the agency
  -- might, or one of Front's types. The newest conversation or contact by default
  function control.event(request)
    local body, bad = checks.body(request, {
      type = { type = "string", required = true }, conversation = { type = "string" }, teammate = { type = "string" },
      contact = { type = "string" },
    })
    if not body then return bad end
    if body.type == "contact_created" then
      local contact = company.contacts[#company.contacts]
      if body.contact then contact = company.find("crd", body.contact) end
      if not contact then return answers.unknown("contact", body.contact) end
      return answers.ok({ event = events.emit({ type = body.type, contact = contact }).id }, 201)
    end
    local known = event_types.all[body.type]
    if not known and body.type ~= "conversation_created" and body.type ~= "conversation_assigned" then
      return answers.invalid("type: must be a type of Front's, or conversation_created, conversation_assigned or "
        .. "contact_created")
    end
    local conversation = threads.list[#threads.list]
    if body.conversation then conversation = company.find("cnv", body.conversation) end
    if not conversation then return answers.unknown("conversation", body.conversation) end
    local event = { type = body.type, conversation = conversation }
    if known then events.fill(event, known) end
    if body.type == "conversation_assigned" then
      local teammate = conversation.assignee or company.teammates[1]
      if body.teammate then teammate = company.find("tea", body.teammate) end
      if not teammate then return answers.unknown("teammate", body.teammate) end
      event.target = { type = "teammate", teammate }
    end
    return answers.ok({ event = events.emit(event).id }, 201)
  end

  -- {message = id or uid}: a sent message bounces
  function control.bounce(request)
    local body, bad = checks.body(request, { message = { type = "string", required = true } })
    if not body then return bad end
    local message = company.by_uid[body.message] or company.find("msg", body.message)
    if not message then return answers.unknown("message", body.message) end
    if message.is_inbound then return answers.invalid("message: was not sent, but received") end
    message.error_type = "message_bounce_error"
    return answers.ok({ event = events.failure("message_bounce_error", message).id }, 201)
  end

  -- The messages that the API has accepted, by conversation, existing or not. ?count=1: only their number.
  function control.replies(request)
    local out, total = {}, 0
    for id, accepted in pairs(threads.accepted) do
      total = total + #accepted
      out[id] = request.params.count and #accepted or answers.list(accepted, function(message)
        return {
          message_uid = message.uid, body = message.sent_body, author = message.author and message.author.id,
          visible = company.by_uid[message.uid] ~= nil, never = message.never or false,
          accepted_mono = message.accepted_mono,
        }
      end)
    end
    return answers.ok({ total = total, replies = out })
  end

  -- The thread, oldest first, and the accepted messages that do not exist yet or never will.
  function control.thread(_, conversation)
    local waiting = answers.list(threads.waiting(conversation), function(message)
      return {
        message_uid = message.uid, body = message.sent_body, never = message.never or false, due_at = message.due_at,
      }
    end)
    return answers.ok({
      conversation = views.conversation(conversation),
      messages = answers.list(conversation.messages, views.message),
      comments = answers.list(conversation.comments, views.comment), waiting = waiting,
    })
  end

  return control
end
