-- Which handler answers which path of Front's API.
local mock = ...
local answers = mock.part("engine/answers")
local routes = mock.part("engine/routes")

return function(company, threads, views, pages, events, ticketing, contacts, conversations, messages, imports,
    teammate_token)
  local with = conversations.with

  local function whole(name, view)
    return function(request) return pages.whole(request, company[name], view) end
  end

  local function one(kind, what, view)
    return function(_, id)
      local record = company.find(kind, id)
      if not record then return answers.unknown(what, id) end
      return answers.ok(view(record))
    end
  end

  -- Lists of one inbox: its channels, and the teammates that may see it.
  local function of_inbox(pick, view)
    return function(request, id)
      local inbox = company.find("inb", id)
      if not inbox then return answers.unknown("inbox", id) end
      return pages.whole(request, pick(inbox), view)
    end
  end

  local function teammates_of(inbox)
    local out = {}
    for _, teammate in ipairs(company.teammates) do
      if inbox.teammates[teammate.id] then out[#out + 1] = teammate end
    end
    return out
  end

  -- In Front's specification the answer with signatures is paged, the answer with tags is not.
  local function signatures(kind, what)
    return function(request, id)
      local owner = company.find(kind, id)
      if not owner then return answers.unknown(what, id) end
      local found = {}
      for _, signature in ipairs(company.signatures) do
        if signature.owner == owner then found[#found + 1] = signature end
      end
      return pages.answer(request, found, views.signature)
    end
  end

  -- `/me` returns the company, or the teammate for a teammate's token.
  local function me(request)
    if request.token == teammate_token then return answers.ok(views.teammate(company.teammates[1])) end
    return answers.ok(views.company())
  end

  local function ticketed(handler)
    return function(request, id)
      if not ticketing.enabled then return answers.error(404, "Ticketing is not enabled") end
      return handler(request, id)
    end
  end

  -- The first that fits is taken: search before {id}.
  local find = routes({
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
    { "GET", "/conversations/{id}/events", with(events.of_conversation) },
    { "GET", "/events", events.get_list },
    { "GET", "/events/{id}", events.get },
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
    { "POST", "/channels/{id}/inbound_messages", imports.inbound },
    { "POST", "/channels/{id}/outbound_messages", imports.outbound },
    { "GET", "/channels/{id}", one("cha", "channel", views.channel) },
    { "GET", "/teammates", whole("teammates", views.teammate) },
    { "GET", "/teammates/{id}", one("tea", "teammate", views.teammate) },
    { "GET", "/teammates/{id}/conversations", conversations.list_of_teammate },
    { "GET", "/teammates/{id}/signatures", signatures("tea", "teammate") },
    { "GET", "/tags", whole("tags", views.tag) },
    { "GET", "/tags/{id}", one("tag", "tag", views.tag) },
    { "GET", "/tags/{id}/conversations", conversations.list_of_tag },
    { "GET", "/company/statuses", ticketed(function(request)
      return pages.whole(request, ticketing.statuses, views.status)
    end) },
    { "GET", "/company/statuses/{id}", ticketed(one("sts", "status", views.status)) },
    { "GET", "/teams", whole("teams", views.team) },
    { "GET", "/teams/{id}", one("tim", "team", views.team) },
    { "GET", "/teams/{id}/signatures", signatures("tim", "team") },
    { "GET", "/signatures/{id}", one("sig", "signature", views.signature) },
  })

  -- Answers a request of the API.
  return function(request)
    local handler, value = find(request)
    if handler then return handler(request, value) end
    -- A merged conversation redirects each request.
    if request.segments[1] == "conversations" and threads.merged[request.segments[2]] then
      return with(nil)(request, request.segments[2])
    end
    return answers.error(404, ("No route for %s %s"):format(request.method, request.path))
  end
end
