-- Messages from customers: single ones, or many at once.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")
local deliveries = mock.part("front/deliveries")
local timers = mock.part("engine/timers")

return function(number, company, threads, views, events, attachments)
  local customers = {}
  local AT_ONCE = 50 -- letters of a burst between two requests

  local function find_inbox(wanted)
    if not wanted then return company.inboxes[1] end
    for _, inbox in ipairs(company.inboxes) do
      if inbox.id == wanted or inbox.name == wanted or inbox.channel.address == wanted then return inbox end
    end
    return nil
  end

  -- Returns the newest conversation in that inbox that is not in the trash.
  local function last_conversation(inbox, handle)
    for i = #threads.list, 1, -1 do
      local conversation = threads.list[i]
      if conversation.inbox == inbox and conversation.handle == handle and conversation.status ~= "deleted" then
        return conversation
      end
    end
    return nil
  end

  -- LETTER {from, name?, subject?, body}; CONVERSATION nil for a new one in INBOX; FILES its attachments.
  function customers.write(letter, inbox, conversation, files)
    conversation = conversation or threads.open(letter.from, letter.name, inbox, letter.subject)
    if conversation.handle ~= letter.from then
      conversation.contact, conversation.handle = threads.contact_of(letter.from, letter.name, inbox), letter.from
    end
    threads.change_status(conversation, "open")
    local message = threads.receive(conversation, letter.body, company.now(), letter.subject, files)
    return conversation, message, events.message("inbound", message)
  end

  local FILE = { type = "object", fields = {
    filename = { type = "string", required = true }, content_type = { type = "string" }, text = { type = "string" },
    size = { type = "integer" },
  } }

  local function attach(list)
    local files = {}
    for i, file in ipairs(list or {}) do
      local size = file.text and #file.text or file.size or 0
      files[i] = attachments.add(file.filename, file.content_type or "application/octet-stream", size, file.text)
    end
    return files
  end

  -- {from, name?, subject?, body, inbox? = id, name or address, conversation?, new = true, attachments? = [{filename,
  -- content_type, text or size}]}; new = false continues the customer's last conversation in that inbox
  function customers.inbound(request)
    local body, bad = checks.body(request, {
      from = { type = "string", required = true }, body = { type = "string", required = true },
      name = { type = "string" }, subject = { type = "string" }, inbox = { type = "string" },
      conversation = { type = "string" }, new = { type = "boolean" },
      attachments = { type = "list", items = FILE },
    })
    if not body then return bad end
    local conversation = body.conversation and company.find("cnv", body.conversation)
    if body.conversation and not conversation then return answers.unknown("conversation", body.conversation) end
    local inbox = conversation and conversation.inbox or find_inbox(body.inbox)
    if not inbox then return answers.unknown("inbox", body.inbox) end
    if not conversation and body.new == false then conversation = last_conversation(inbox, body.from) end
    if conversation and not conversation.channel then return answers.invalid("conversation: takes no messages") end
    local message, event
    conversation, message, event = customers.write(body, inbox, conversation, attach(body.attachments))
    return answers.ok({
      conversation = views.conversation(conversation), message = views.message(message), event = event.id,
    }, 201)
  end

  -- {count, distinct = true, rate? = per second, inbox?}: that many customers write, at once or at the rate;
  -- distinct = false: one customer writes, in one conversation
  function customers.burst(request)
    local body, bad = checks.body(request, {
      count = { type = "number", required = true }, distinct = { type = "boolean" }, rate = { type = "number" },
      inbox = { type = "string" },
    })
    if not body then return bad end
    if math.type(body.count) ~= "integer" or body.count < 1 or body.count > 20000 then
      return answers.invalid("count: must be a whole number from 1 to 20000")
    end
    if body.rate and body.rate <= 0 then return answers.invalid("rate: must be more than 0") end
    local inbox = find_inbox(body.inbox)
    if not inbox then return answers.unknown("inbox", body.inbox) end

    customers.bursts = (customers.bursts or 0) + 1
    local prefix = ("burst%d-%d"):format(customers.bursts, number)
    local written, conversation = 0, nil
    local function write_one()
      written = written + 1
      local customer = body.distinct == false and 1 or written
      conversation = customers.write({
        from = ("%s-%d@mail.example"):format(prefix, customer), subject = ("Burst %s, letter %d"):format(
          prefix, written),
        body = ("Hello, this is letter %d."):format(written),
      }, inbox, conversation)
      if body.distinct ~= false then conversation = nil end
      deliveries.coming = deliveries.coming - 1
    end

    deliveries.coming = deliveries.coming + body.count
    local began = mock.clock()
    local function some()
      local upto = written + AT_ONCE
      if body.rate then upto = math.floor((mock.clock() - began) * body.rate) + 1 end
      while written < math.min(upto, body.count) do write_one() end
      if written < body.count then
        timers.after(body.rate and written / body.rate - (mock.clock() - began) or 0, some)
      end
    end
    timers.after(0, some)
    return answers.ok({ count = body.count, prefix = prefix }, 202)
  end

  return customers
end
