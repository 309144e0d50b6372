-- Accounts: the customers' companies, with the contacts that belong to them.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, records, views, pages, fields)
  local accounts = {}

  local UPDATE = {
    name = { type = "string" }, description = { type = "string", null = true }, domains = { type = "strings" },
    custom_fields = { type = "object" },
  }
  local NEW = { external_id = { type = "string" } }
  for name, field in pairs(UPDATE) do NEW[name] = field end

  local function view(a)
    local self = views.link("/accounts/" .. a.id)
    return {
      _links = { self = self, related = { contacts = self .. "/contacts" } }, id = a.id, name = a.name,
      logo_url = json.null, description = views.or_null(a.description), domains = views.texts(a.domains),
      external_id = views.or_null(a.external_id), custom_fields = a.custom_fields, created_at = a.created_at,
      updated_at = a.updated_at,
    }
  end

  local function list(request)
    local by = request.params.sort_by or "created_at"
    local bad = pages.check_sort(request.params, { "created_at", "updated_at" })
    if bad then return bad end
    local found = table.move(company.accounts, 1, #company.accounts, 1, {})
    local ascending = request.params.sort_order == "asc"
    table.sort(found, function(a, b)
      if a[by] == b[by] then return a.id < b.id end
      if ascending then return a[by] < b[by] end
      return a[by] > b[by]
    end)
    return pages.answer(request, found, view)
  end

  -- Returns the answer when another account has a domain or the external id. That it is a 409 is a guess.
  local function check_free(body, own)
    for _, domain in ipairs(body.domains or {}) do
      local other = company.find("acc", "alt:domain:" .. domain)
      if other and other ~= own then
        return answers.error(409, ("Account %s already has the domain %s"):format(other.id, domain))
      end
    end
    local other = body.external_id and company.find("acc", "alt:ext_id:" .. body.external_id)
    if other and other ~= own then
      return answers.error(409, ("Account %s already has the external id %s"):format(other.id, body.external_id))
    end
    return nil
  end

  local function check(request, schema, own)
    local body, bad = checks.body(request, schema)
    if not body then return nil, bad end
    body.custom_fields, bad = fields.check("accounts", body.custom_fields)
    bad = bad or check_free(body, own)
    if bad then return nil, bad end
    return body
  end

  local function create(request)
    local body, bad = check(request, NEW)
    if not body then return bad end
    local account = records.add("acc", company.accounts, {
      name = body.name or body.domains and body.domains[1] or "", description = body.description,
      domains = body.domains or {}, external_id = body.external_id, custom_fields = body.custom_fields or {},
      members = {},
    })
    return answers.ok(view(account), 201)
  end

  -- Replaces the whole set of `custom_fields`.
  local function update(request, account)
    local body, bad = check(request, UPDATE, account)
    if not body then return bad end
    records.set(account, body, request.json or request.fields, { "description" })
    for _, name in ipairs({ "name", "domains", "custom_fields" }) do account[name] = body[name] or account[name] end
    return answers.ok(view(account))
  end

  local function contacts_of(request, account)
    local found = {}
    for _, contact in ipairs(company.contacts) do
      if account.members[contact] then found[#found + 1] = contact end
    end
    return pages.answer(request, found, views.contact)
  end

  -- Returns a handler by which contacts belong to an account, or no longer do. BELONGS: true or nil.
  local function change(belongs)
    return function(request, account)
      local body, bad = checks.body(request, { contact_ids = { type = "strings", required = true } })
      if not body then return bad end
      local found
      found, bad = checks.find_all(company, "crd", "contact", body.contact_ids)
      if not found then return bad end
      for _, contact in ipairs(found) do account.members[contact] = belongs end
      return answers.none()
    end
  end

  -- Adds two accounts; the first three contacts belong to the first one.
  function accounts.seed()
    for i, word in ipairs({ { "Planet Express", "planet-express.example" }, { "Momcorp", "momcorp.example" } }) do
      local account = records.add("acc", company.accounts, {
        name = word[1], domains = { word[2] }, external_id = "crm-" .. i, custom_fields = {}, members = {},
      })
      account.created_at, account.updated_at = company.epoch - (60 - i) * 86400, company.epoch - (30 - i) * 86400
    end
    for i = 1, 3 do company.accounts[1].members[company.contacts[i]] = true end
  end

  local function with(handler) return records.with("acc", "account", handler) end
  accounts.routes = {
    { "GET", "/accounts", list },
    { "POST", "/accounts", create },
    { "GET", "/accounts/{id}", records.get("acc", "account", view) },
    { "PATCH", "/accounts/{id}", with(update) },
    { "DELETE", "/accounts/{id}", records.remove("acc", "account", company.accounts) },
    { "GET", "/accounts/{id}/contacts", with(contacts_of) },
    { "POST", "/accounts/{id}/contacts", with(change(true)) },
    { "DELETE", "/accounts/{id}/contacts", with(change(nil)) },
  }

  return accounts
end
