-- What others do in the company while foyer works there: a teammate, a rule, a macro or another application. The source
-- of the events says which.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")
local requests = mock.part("engine/requests")

return function(company, views, fields, api)
  local deeds = {}
  local bots = {} -- the teammates that are no people, by their type

  -- Returns the source of events that AS names: a teammate's id or alias, rule, macro, ai, application, api; the first
  -- teammate when it is nil.
  local function source_of(as)
    if as == "rule" then return { type = "rule", company.rules[1] } end
    if as == "api" then return { type = "api" } end
    local teammate = company.teammates[1]
    if as then teammate = bots[as] or company.find("tea", as) end
    return teammate and { type = "teammate", teammate }
  end

  -- Does GIVEN {method, path, body?, as?}; returns the answer.
  function deeds.perform(given)
    local source = source_of(given.as)
    if not source then return answers.unknown("teammate", given.as) end
    local path, query = tostring(given.path):match("^([^?]*)%??(.*)$")
    local request = {
      method = tostring(given.method or "POST"):upper(), path = path, query = query, source = source,
      headers = { ["content-type"] = "application/json" }, body = given.body and json.encode(given.body) or "",
    }
    requests.parse(request)
    if request.segments[1] == "_mock" and request.segments[2] == "contacts" then
      return deeds.contact(request, request.segments[3])
    end
    return api(request)
  end

  -- {method = POST, path, body?, as?}: does it as another than the token's owner, and answers with status and body
  function deeds.request(request)
    local given, bad = checks.body(request, {
      method = { type = "string" }, path = { type = "string", required = true }, body = { type = "any" },
      as = { type = "string" },
    })
    if not given then return bad end
    local answer = deeds.perform(given)
    return answers.ok({ status = answer.status, body = answer.body ~= "" and answer.body or nil })
  end

  -- {name?, description?, custom_fields?}: a teammate changes a contact in Front, where the other fields remain; null
  -- clears one
  function deeds.contact(request, id)
    local contact = company.find("crd", id)
    if not contact then return answers.unknown("contact", id) end
    local body, bad = checks.body(request, {
      name = { type = "string" }, description = { type = "string" }, custom_fields = { type = "object" },
    })
    if not body then return bad end
    local checked
    checked, bad = fields.check("contacts", body.custom_fields)
    if bad then return bad end
    local custom = {}
    for name, value in pairs(contact.custom_fields) do custom[name] = value end
    for name in pairs(body.custom_fields or {}) do custom[name] = checked[name] end
    contact.name, contact.description = body.name or contact.name, body.description or contact.description
    contact.custom_fields = custom
    company.touch_contact(contact)
    return answers.ok(views.contact(contact))
  end

  function deeds.seed()
    for _, kind in ipairs({ "macro", "ai", "application" }) do
      bots[kind] = company.add("tea", {
        email = kind .. "@bots.example", username = kind, first_name = kind, last_name = "", is_admin = false,
        is_available = true, type = kind,
      })
    end
  end

  return deeds
end
