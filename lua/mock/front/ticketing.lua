-- Front's ticketing: off as in most companies, on through /_mock/ticketing. Conversations then
-- carry a status of the company's own beside the bin they are in.
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

  -- What was written last, else what the bin says; snoozed conversations wait.
  function ticketing.status_of(conversation)
    if conversation.ticket_status then return conversation.ticket_status end
    if conversation.status ~= "archived" then return ticketing.statuses[1] end
    return ticketing.statuses[conversation.reminders[1] and 2 or 3]
  end

  -- q[status_categories] and q[status_ids]: a test of conversations, true without them, or nil and the answer.
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
