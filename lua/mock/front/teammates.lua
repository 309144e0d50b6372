-- Teammates: who they are, and what belongs to one.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, records, views, pages, fields, teammate_token)
  local teammates = {}

  local UPDATE = {
    username = { type = "string" }, first_name = { type = "string" }, last_name = { type = "string" },
    is_available = { type = "boolean" }, custom_fields = { type = "object" },
  }

  -- Replaces the whole set of `custom_fields`.
  local function update(request, teammate)
    local body, bad = checks.body(request, UPDATE)
    if not body then return bad end
    body.custom_fields, bad = fields.check("teammates", body.custom_fields)
    if bad then return bad end
    for name, value in pairs(body) do teammate[name] = value end
    return answers.none()
  end

  local function inboxes_of(request, teammate)
    local found = {}
    for _, inbox in ipairs(company.inboxes) do
      if inbox.teammates[teammate.id] then found[#found + 1] = inbox end
    end
    return pages.whole(request, found, views.inbox)
  end

  -- `/me` returns the company, or the teammate for a teammate's token.
  local function me(request)
    if request.token == teammate_token then return answers.ok(views.teammate(company.teammates[1])) end
    return answers.ok(views.company())
  end

  teammates.routes = {
    { "GET", "/me", me },
    { "GET", "/teammates", records.whole(company.teammates, views.teammate) },
    { "GET", "/teammates/{id}", records.get("tea", "teammate", views.teammate) },
    { "PATCH", "/teammates/{id}", records.with("tea", "teammate", update) },
    { "GET", "/teammates/{id}/inboxes", records.with("tea", "teammate", inboxes_of) },
  }

  return teammates
end
