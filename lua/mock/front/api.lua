-- Which handler answers which path: Front's paths at the root, ours under /_mock.
return function(app)
  local routes = {}
  local company, views, answers = app.company, app.views, app.answers
  local conversations, messages, contacts, control = app.conversations, app.messages, app.contacts, app.control
  local with = conversations.with

  local function whole(name, view)
    return function(request) return app.pages.whole(request, company[name], view) end
  end

  local function one(kind, what, view)
    return function(_, id)
      local record = company.find(kind, id)
      if not record then return answers.unknown(what, id) end
      return answers.ok(view(record))
    end
  end

  -- Of one inbox: its channels, who may see it.
  local function of_inbox(pick, view)
    return function(request, id)
      local inbox = company.find("inb", id)
      if not inbox then return answers.unknown("inbox", id) end
      return app.pages.whole(request, pick(inbox), view)
    end
  end

  local function teammates_of(inbox)
    local out = {}
    for _, teammate in ipairs(company.teammates) do
      if inbox.teammates[teammate.id] then out[#out + 1] = teammate end
    end
    return out
  end

  -- FACTS 1.2.7: signature lists are paged, tag lists are not.
  local function signatures(kind, what)
    return function(request, id)
      local owner = company.find(kind, id)
      if not owner then return answers.unknown(what, id) end
      local found = {}
      for _, signature in ipairs(company.signatures) do
        if signature.owner == owner then found[#found + 1] = signature end
      end
      return app.pages.answer(request, found, views.signature)
    end
  end

  -- `/me` names the company, or the teammate whose own token it is.
  local function me(request)
    if request.token == app.teammate_token then return answers.ok(views.teammate(company.teammates[1])) end
    return answers.ok(views.company())
  end

  -- The first that fits is taken: search before {id}.
  local TABLE = {
    { "GET", "/me", me },
    { "GET", "/conversations", conversations.list },
    { "GET", "/conversations/search/{query}", conversations.search },
    { "GET", "/conversations/{id}", with(conversations.get) },
    { "PATCH", "/conversations/{id}", with(conversations.update) },
    { "PUT", "/conversations/{id}/assignee", with(conversations.assign) },
    { "GET", "/conversations/{id}/inboxes", with(conversations.inboxes) },
    { "POST", "/conversations/{id}/tags", with(conversations.add_tags) },
    { "DELETE", "/conversations/{id}/tags", with(conversations.remove_tags) },
    { "GET", "/conversations/{id}/messages", with(messages.list) },
    { "POST", "/conversations/{id}/messages", with(messages.reply) },
    { "GET", "/conversations/{id}/comments", with(messages.comments) },
    { "POST", "/conversations/{id}/comments", with(messages.comment) },
    { "GET", "/conversations/{id}/events", with(app.events.of_conversation) },
    { "GET", "/events", app.events.get_list },
    { "GET", "/events/{id}", app.events.get },
    { "GET", "/messages/{id}", messages.get },
    { "GET", "/comments/{id}", messages.get_comment },
    { "GET", "/contacts", contacts.list },
    { "POST", "/contacts", contacts.create },
    { "GET", "/contacts/{id}", contacts.get },
    { "GET", "/contacts/{id}/conversations", conversations.list_of_contact },
    { "GET", "/inboxes", whole("inboxes", views.inbox) },
    { "GET", "/inboxes/{id}", one("inb", "inbox", views.inbox) },
    { "GET", "/inboxes/{id}/channels", of_inbox(function(i) return { i.channel } end, views.channel) },
    { "GET", "/inboxes/{id}/teammates", of_inbox(teammates_of, views.teammate) },
    { "GET", "/inboxes/{id}/conversations", conversations.list_of_inbox },
    { "GET", "/channels", whole("channels", views.channel) },
    { "POST", "/channels/{id}/inbound_messages", app.imports.inbound },
    { "POST", "/channels/{id}/outbound_messages", app.imports.outbound },
    { "GET", "/channels/{id}", one("cha", "channel", views.channel) },
    { "GET", "/teammates", whole("teammates", views.teammate) },
    { "GET", "/teammates/{id}", one("tea", "teammate", views.teammate) },
    { "GET", "/teammates/{id}/conversations", conversations.list_of_teammate },
    { "GET", "/teammates/{id}/signatures", signatures("tea", "teammate") },
    { "GET", "/tags", whole("tags", views.tag) },
    { "GET", "/tags/{id}", one("tag", "tag", views.tag) },
    { "GET", "/tags/{id}/conversations", conversations.list_of_tag },
    { "GET", "/company/statuses", app.ticketing.list },
    { "GET", "/company/statuses/{id}", app.ticketing.get },
    { "GET", "/teams", whole("teams", views.team) },
    { "GET", "/teams/{id}", one("tim", "team", views.team) },
    { "GET", "/teams/{id}/signatures", signatures("tim", "team") },
    { "GET", "/signatures/{id}", one("sig", "signature", views.signature) },

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
    { "GET", "/_mock/oauth", app.oauth.get },
    { "POST", "/_mock/oauth", app.oauth.set },
    { "DELETE", "/_mock/oauth", app.oauth.clear },
    { "POST", "/_mock/paging", control.set_paging },
    { "POST", "/_mock/ticketing", control.set_ticketing },
    { "POST", "/_mock/clock", control.set_clock },
    { "POST", "/_mock/messages", control.set_messages },
    { "DELETE", "/_mock/messages", control.clear_messages },
    { "GET", "/_mock/replies", control.replies },
    { "GET", "/_mock/webhook", app.webhooks.get },
    { "POST", "/_mock/webhook", app.webhooks.add },
    { "DELETE", "/_mock/webhook", app.webhooks.remove },
    { "GET", "/_mock/deliveries", app.deliveries.get },
    { "DELETE", "/_mock/deliveries", app.deliveries.clear },
    { "GET", "/_mock/webhooks-faults", app.deliveries.get_settings },
    { "POST", "/_mock/webhooks-faults", app.deliveries.set },
    { "DELETE", "/_mock/webhooks-faults", app.deliveries.clear_settings },
    { "POST", "/_mock/inbound", app.customers.inbound },
    { "POST", "/_mock/burst", app.customers.burst },
    { "POST", "/_mock/event", control.event },
    { "POST", "/_mock/bounce", control.bounce },
    { "POST", "/_mock/channel", app.channels.add },
    { "DELETE", "/_mock/channel", app.channels.remove },
    { "POST", "/_mock/channel/message", app.channels.message },
    { "POST", "/_mock/channel/autoreply", app.channels.autoreply },
    { "GET", "/_mock/chaos", app.chaos.get },
    { "POST", "/_mock/chaos", app.chaos.set },
    { "DELETE", "/_mock/chaos", app.chaos.clear },
    { "POST", "/_mock/assign", control.assign },
    { "POST", "/_mock/contact", control.contact },
    { "GET", "/_mock/conversations/{id}", with(control.thread) },
  }

  for _, route in ipairs(TABLE) do
    local segments = {}
    for part in route[2]:gmatch("/([^/]+)") do segments[#segments + 1] = part end
    route.segments = segments
  end

  -- Returns the one variable segment of a path that fits, true for a path without one, or nil.
  local function fit(wanted, given)
    if #wanted ~= #given then return nil end
    local value = true
    for i, part in ipairs(wanted) do
      if part:sub(1, 1) == "{" then
        if given[i] == "" then return nil end
        value = given[i]
      elseif part ~= given[i] then
        return nil
      end
    end
    return value
  end

  function routes.answer(request)
    local method = request.method == "HEAD" and "GET" or request.method
    for _, route in ipairs(TABLE) do
      local value = route[1] == method and fit(route.segments, request.segments)
      if value then return route[3](request, value) end
    end
    -- A merged conversation redirects whatever is asked of it.
    if request.segments[1] == "conversations" and app.threads.merged[request.segments[2]] then
      return with(nil)(request, request.segments[2])
    end
    return answers.error(404, ("No route for %s %s"):format(request.method, request.path))
  end

  return routes
end
