-- Links: pages and tickets elsewhere, and the conversations that belong to them.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, threads, views, pages, events, conversations)
  local links = {}
  local AT_ONCE = 10
  local by_url = {}
  local HOSTS = {
    ["github%.com"] = "github", ["atlassian%.net"] = "jira", ["asana%.com"] = "asana", ["monday%.com"] = "monday",
    ["trello%.com"] = "trello",
  }

  local function type_of(address)
    local host = address:match("^%a+://([^/]+)") or ""
    for pattern, kind in pairs(HOSTS) do
      if host:find(pattern .. "$") then return kind end
    end
    return "web"
  end

  -- Returns the link with that address, a new one when there is none.
  local function at(address, name)
    local known = by_url[address]
    if known then return known end
    local link = company.add("top", { name = name or address, type = type_of(address), url = address })
    company.links[#company.links + 1] = link
    by_url[address] = link
    return link
  end

  -- Answers with the links of q[types], oldest first.
  function links.list(request)
    local bad = pages.check_sort(request.params, { "id" })
    if bad then return bad end
    local wanted = request.params.q.types
    local found = {}
    for _, link in ipairs(company.links) do
      local fits = not wanted
      for _, kind in ipairs(wanted or {}) do fits = fits or kind == link.type end
      if fits then found[#found + 1] = link end
    end
    if request.params.sort_order == "desc" then
      local last = #found
      for i = 1, last // 2 do found[i], found[last + 1 - i] = found[last + 1 - i], found[i] end
    end
    return pages.answer(request, found, views.topic)
  end

  function links.get(_, id)
    local link = company.find("top", id)
    if not link then return answers.unknown("link", id) end
    return answers.ok(views.topic(link))
  end

  local CREATE = { name = { type = "string" }, external_url = { type = "string" }, pattern = { type = "string" } }

  -- Creates no second link with the same address, which is a guess.
  function links.create(request)
    local body, bad = checks.body(request, CREATE)
    if not body then return bad end
    if not body.external_url then return answers.invalid("external_url: is required") end
    if not body.external_url:find("^https?://[^/]") then return answers.invalid("external_url: must be a URL") end
    return answers.ok(views.topic(at(body.external_url, body.name)), 201)
  end

  function links.update(request, id)
    local link = company.find("top", id)
    if not link then return answers.unknown("link", id) end
    local body, bad = checks.body(request, { name = { type = "string" } })
    if not body then return bad end
    link.name = body.name or link.name
    return answers.none()
  end

  function links.conversations(request, id)
    local link = company.find("top", id)
    if not link then return answers.unknown("link", id) end
    return conversations.list_of(request, function(c)
      for _, one in ipairs(c.links) do
        if one == link then return true end
      end
      return false
    end)
  end

  local TEXTS = { type = "list", max = AT_ONCE, items = { type = "string" } }

  -- Returns the links of the body: link_ids, or link_external_urls, which are made.
  local function find(request)
    local body, bad = checks.body(request, { link_ids = TEXTS, link_external_urls = TEXTS })
    if not body then return nil, bad end
    if (body.link_ids == nil) == (body.link_external_urls == nil) then
      return nil, answers.invalid("link_ids, link_external_urls: one of them is required")
    end
    if body.link_ids then return checks.find_all(company, "top", "link", body.link_ids) end
    local out = {}
    for i, address in ipairs(body.link_external_urls) do
      if not address:find("^https?://[^/]") then
        return nil, answers.invalid(("link_external_urls[%d]: must be a URL"):format(i - 1))
      end
      out[i] = at(address)
    end
    return out
  end

  local function index_of(conversation, link)
    for i, one in ipairs(conversation.links) do
      if one == link then return i end
    end
    return nil
  end

  local function tell(kind, request, conversation, link)
    events.emit({
      type = kind, conversation = conversation, source = events.by(request), target = { type = "link", link },
    })
  end

  function links.add(request, conversation)
    local found, bad = find(request)
    if not found then return bad end
    for _, link in ipairs(found) do
      if not index_of(conversation, link) then
        table.insert(conversation.links, link)
        tell("link_added", request, conversation, link)
      end
    end
    threads.touch(conversation)
    return answers.none()
  end

  function links.remove(request, conversation)
    local body, bad = checks.body(request, { link_ids = { type = "list", required = true, max = AT_ONCE,
      items = { type = "string" } } })
    if not body then return bad end
    local found
    found, bad = checks.find_all(company, "top", "link", body.link_ids)
    if not found then return bad end
    for _, link in ipairs(found) do
      local i = index_of(conversation, link)
      if i then
        table.remove(conversation.links, i)
        tell("link_removed", request, conversation, link)
      end
    end
    threads.touch(conversation)
    return answers.none()
  end

  links.routes = {
    { "GET", "/links", links.list },
    { "POST", "/links", links.create },
    { "GET", "/links/{id}", links.get },
    { "PATCH", "/links/{id}", links.update },
    { "GET", "/links/{id}/conversations", links.conversations },
    { "POST", "/conversations/{id}/links", conversations.with(links.add) },
    { "DELETE", "/conversations/{id}/links", conversations.with(links.remove) },
  }

  for _, word in ipairs({ { "JIRA-SCRAN-4567", "https://acme.atlassian.net/browse/SCRAN-4567" },
    { "Price list", "https://shop.example/prices" } }) do
    at(word[2], word[1])
  end

  return links
end
