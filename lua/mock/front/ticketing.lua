-- Front's ticketing: off by default, switched on through /_mock/ticketing. Conversations then have a status of the
-- company's own as well.
local mock = ...
local answers = mock.part("engine/answers")

return function(company)
  local ticketing = { enabled = false, statuses = {} }

  for _, word in ipairs({
    { "Open", "open", "New or currently being worked on" },
    { "Waiting on customer", "waiting", "We have answered and wait" },
    { "Resolved", "resolved", "Nothing left to do" },
  }) do
    ticketing.statuses[#ticketing.statuses + 1] = company.add("sts", {
      name = word[1], category = word[2], description = word[3],
      created_at = company.ago(80 * 86400), updated_at = company.ago(40 * 86400),
    })
  end

  -- Returns the status that was set last, else one for the conversation's state. A snoozed conversation is waiting.
  function ticketing.status_of(conversation)
    if conversation.ticket_status then return conversation.ticket_status end
    if conversation.status ~= "archived" then return ticketing.statuses[1] end
    return ticketing.statuses[conversation.reminders[1] and 2 or 3]
  end

  -- For q[status_categories] and q[status_ids]. Returns a test of conversations; true without them; nil and the answer.
  function ticketing.filter(q)
    if not q.status_categories and not q.status_ids then return true end
    if not ticketing.enabled then
      return nil, answers.error(400, "Bad request", { "q: status_categories and status_ids need ticketing" })
    end
    local wanted = {}
    for _, name in ipairs(q.status_categories or {}) do wanted[name] = true end
    for _, id in ipairs(q.status_ids or {}) do wanted[id] = true end
    return function(conversation)
      local status = ticketing.status_of(conversation)
      return wanted[status.category] or wanted[status.id] or false
    end
  end

  return ticketing
end
