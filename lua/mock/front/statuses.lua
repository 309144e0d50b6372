-- Ticket statuses, while ticketing is on.
local mock = ...
local answers = mock.part("engine/answers")

return function(records, ticketing, views)
  local function ticketed(handler)
    return function(request, id)
      if not ticketing.enabled then return answers.error(404, "Ticketing is not enabled") end
      return handler(request, id)
    end
  end

  return { routes = {
    { "GET", "/company/statuses", ticketed(records.whole(ticketing.statuses, views.status)) },
    { "GET", "/company/statuses/{id}", ticketed(records.get("sts", "status", views.status)) },
  } }
end
