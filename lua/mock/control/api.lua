-- Which handler answers which path below /_mock.
local mock = ...
local answers = mock.part("engine/answers")
local chaos = mock.part("faults/chaos")
local deliveries = mock.part("front/deliveries")
local oauth = mock.part("front/oauth")
local routes = mock.part("engine/routes")
local webhooks = mock.part("front/webhooks")

return function(control, customers, channels, conversations, deeds)
  local find = routes({
    { "GET", "/_mock", control.summary },
    { "GET", "/_mock/log", control.get_log },
    { "DELETE", "/_mock/log", control.clear_log },
    { "GET", "/_mock/faults", control.get_faults },
    { "POST", "/_mock/faults", control.add_faults },
    { "DELETE", "/_mock/faults", control.clear_faults },
    { "GET", "/_mock/limits", control.get_limits },
    { "POST", "/_mock/limits", control.set_limits },
    { "GET", "/_mock/companies", control.get_companies },
    { "POST", "/_mock/companies", control.add_company },
    { "GET", "/_mock/oauth", oauth.get },
    { "POST", "/_mock/oauth", oauth.set },
    { "DELETE", "/_mock/oauth", oauth.clear },
    { "POST", "/_mock/paging", control.set_paging },
    { "POST", "/_mock/ticketing", control.set_ticketing },
    { "POST", "/_mock/clock", control.set_clock },
    { "POST", "/_mock/history", control.set_history },
    { "POST", "/_mock/messages", control.set_messages },
    { "DELETE", "/_mock/messages", control.clear_messages },
    { "GET", "/_mock/replies", control.replies },
    { "GET", "/_mock/webhook", webhooks.get },
    { "POST", "/_mock/webhook", webhooks.add },
    { "DELETE", "/_mock/webhook", webhooks.remove },
    { "GET", "/_mock/deliveries", deliveries.get },
    { "DELETE", "/_mock/deliveries", deliveries.clear },
    { "GET", "/_mock/webhooks-faults", deliveries.get_settings },
    { "POST", "/_mock/webhooks-faults", deliveries.set },
    { "DELETE", "/_mock/webhooks-faults", deliveries.clear_settings },
    { "POST", "/_mock/inbound", customers.inbound },
    { "POST", "/_mock/burst", customers.burst },
    { "POST", "/_mock/event", control.event },
    { "POST", "/_mock/bounce", control.bounce },
    { "POST", "/_mock/merge", control.merge },
    { "POST", "/_mock/do", deeds.request },
    { "POST", "/_mock/contacts/{id}", deeds.contact },
    { "POST", "/_mock/channel", channels.add },
    { "DELETE", "/_mock/channel", channels.remove },
    { "POST", "/_mock/channel/message", channels.message },
    { "POST", "/_mock/channel/autoreply", channels.autoreply },
    { "GET", "/_mock/chaos", chaos.get },
    { "POST", "/_mock/chaos", chaos.set },
    { "DELETE", "/_mock/chaos", chaos.clear },
    { "POST", "/_mock/assign", control.assign },
    { "POST", "/_mock/contact", control.contact },
    { "GET", "/_mock/conversations/{id}", conversations.with(control.thread) },
  })

  -- Answers a request to a control of the mock.
  return function(request)
    local handler, value = find.handler(request)
    if handler then return handler(request, value) end
    return answers.error(404, ("No route for %s %s; the nearest is %s"):format(request.method, request.path,
      find.nearest(request)))
  end
end
