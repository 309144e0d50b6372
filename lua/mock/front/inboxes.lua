-- Inboxes, and which teammates see them.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, records, views, pages, fields, conversations)
  local inboxes = {}

  local NEW = {
    name = { type = "string", required = true }, teammate_ids = { type = "strings" }, is_public = { type = "boolean" },
    custom_fields = { type = "object" },
  }
  local IDS = { teammate_ids = { type = "strings", required = true } }

  local function teammates_of(inbox)
    local out = {}
    for _, teammate in ipairs(company.teammates) do
      if inbox.teammates[teammate.id] then out[#out + 1] = teammate end
    end
    return out
  end

  -- Creates an inbox; a private one belongs to a teammate.
  local function create(request, owner)
    local body, bad = checks.body(request, NEW)
    if not body then return bad end
    local custom, members
    custom, bad = fields.check("inboxes", body.custom_fields)
    if not bad then members, bad = checks.find_all(company, "tea", "teammate", body.teammate_ids) end
    if bad then return bad end
    local is_private = owner ~= nil and owner.email ~= nil
    local inbox = records.add("inb", company.inboxes, {
      name = body.name, owner = owner, is_private = is_private, teammates = {}, custom_fields = custom, weight = 0,
    })
    if is_private then members = { owner } elseif not body.teammate_ids then members = company.teammates end
    for _, teammate in ipairs(members) do inbox.teammates[teammate.id] = true end
    return answers.ok(views.inbox(inbox), 201)
  end

  -- Returns a handler by which teammates see an inbox, or no longer do. ALLOWED: true or nil.
  local function change(allowed)
    return function(request, inbox)
      local body, bad = checks.body(request, IDS)
      if not body then return bad end
      local found
      found, bad = checks.find_all(company, "tea", "teammate", body.teammate_ids)
      if not found then return bad end
      for _, teammate in ipairs(found) do inbox.teammates[teammate.id] = allowed end
      return answers.none()
    end
  end

  local function of(owner)
    return records.of(company.inboxes, owner)
  end

  inboxes.routes = {
    { "GET", "/inboxes", records.whole(company.inboxes, views.inbox) },
    { "POST", "/inboxes", function(request) return create(request, company.teams[1]) end },
    { "GET", "/inboxes/{id}", records.get("inb", "inbox", views.inbox) },
    { "GET", "/inboxes/{id}/conversations", conversations.list_of_inbox },
    { "GET", "/inboxes/{id}/teammates", records.with("inb", "inbox", function(request, inbox)
      return pages.whole(request, teammates_of(inbox), views.teammate)
    end) },
    { "POST", "/inboxes/{id}/teammates", records.with("inb", "inbox", change(true)) },
    { "DELETE", "/inboxes/{id}/teammates", records.with("inb", "inbox", change(nil)) },
    { "GET", "/teams/{id}/inboxes", records.with("tim", "team", function(request, team)
      return pages.whole(request, of(team), views.inbox)
    end) },
    { "POST", "/teams/{id}/inboxes", records.with("tim", "team", create) },
    { "GET", "/teammates/{id}/private_inboxes", records.with("tea", "teammate", function(request, teammate)
      return pages.whole(request, of(teammate), views.inbox)
    end) },
    { "POST", "/teammates/{id}/private_inboxes", records.with("tea", "teammate", create) },
  }

  return inboxes
end
