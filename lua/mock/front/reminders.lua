-- Snoozing: a conversation is archived until its reminder is due, and comes back then.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")
local timers = mock.part("engine/timers")

return function(company, threads, ticketing, events, conversations)
  local reminders = {}
  local REMINDER = {
    teammate_id = { type = "string", required = true }, status_id = { type = "string" },
    scheduled_at = { type = "number", required = true, null = true },
  }
  local YEARS_MAX = 50

  local function wake(conversation, reminder)
    if conversation.reminders[1] ~= reminder then return end -- it was cancelled, or set anew
    conversation.reminders = {}
    threads.set_status(conversation, "open")
    threads.touch(conversation)
    events.emit({ type = "reminder", conversation = conversation, source = { type = "reminder" } })
  end

  -- Opens the conversation, which is a guess.
  local function cancel(conversation, source)
    if not conversation.reminders[1] then return end
    threads.change_status(conversation, "open", source)
  end

  local function snooze(conversation, teammate, at, status)
    local now = company.now()
    local before = conversation.reminders[1]
    threads.set_status(conversation, "archived")
    local reminder = {
      owner = teammate, scheduled_at = at, created_at = before and before.created_at or now, updated_at = now,
    }
    conversation.reminders = { reminder }
    conversation.ticket_status = status or conversation.ticket_status
    threads.touch(conversation)
    -- The source names a reminder: it is the only sign of a snooze in Front's list of types.
    events.emit({ type = "archive", conversation = conversation, source = { type = "reminder" } })
    timers.after_clock(at - now, function() wake(conversation, reminder) end)
  end

  -- Takes {teammate_id, scheduled_at, status_id?}; scheduled_at null cancels.
  function reminders.update(request, conversation)
    local body, bad = checks.body(request, REMINDER)
    if not body then return bad end
    local teammate = company.find("tea", body.teammate_id)
    if not teammate then return answers.unknown("teammate", body.teammate_id) end
    if not body.scheduled_at then
      cancel(conversation, events.by(request))
      return answers.none()
    end
    local now = company.now()
    if body.scheduled_at <= now then return answers.invalid("scheduled_at: must be in the future") end
    if body.scheduled_at > now + YEARS_MAX * 366 * 86400 then
      return answers.invalid("scheduled_at: must be within 50 years")
    end
    local status
    if body.status_id then
      if not ticketing.enabled then return answers.invalid("status_id: ticketing is off") end
      status = company.find("sts", body.status_id)
      if not status then return answers.unknown("status", body.status_id) end
      if status.category ~= "waiting" then return answers.invalid("status_id: must be of the category waiting") end
    end
    snooze(conversation, teammate, body.scheduled_at, status)
    return answers.none()
  end

  reminders.routes = { { "PATCH", "/conversations/{id}/reminders", conversations.with(reminders.update) } }

  return reminders
end
