-- Signatures of teams and teammates.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, records, views, pages)
  local signatures = {}

  local UPDATE = {
    name = { type = "string" }, sender_info = { type = "string", null = true }, body = { type = "string" },
    is_visible_for_all_teammate_channels = { type = "boolean" }, is_default = { type = "boolean" },
    channel_ids = { type = "strings", null = true },
  }
  local NEW = { name = { type = "string", required = true }, body = { type = "string", required = true } }
  for name, field in pairs(UPDATE) do NEW[name] = NEW[name] or field end

  -- Sets what BODY has. An owner has one default.
  local function apply(signature, body, given)
    if body.is_default then
      for _, other in ipairs(records.of(company.signatures, signature.owner)) do other.is_default = false end
    end
    records.set(signature, body, given, { "name", "sender_info", "body", "is_default", "channel_ids" })
    if body.is_visible_for_all_teammate_channels ~= nil then
      signature.is_visible = body.is_visible_for_all_teammate_channels
    end
  end

  local function check(request, schema)
    local body, bad = checks.body(request, schema)
    if not body then return nil, bad end
    local found
    found, bad = checks.find_all(company, "cha", "channel", body.channel_ids)
    if not found then return nil, bad end
    return body
  end

  -- In Front's specification the answer with signatures is paged, the answer with tags is not.
  local function list(request, owner)
    return pages.answer(request, records.of(company.signatures, owner), views.signature)
  end

  local function create(request, owner)
    local body, bad = check(request, NEW)
    if not body then return bad end
    local signature = records.add("sig", company.signatures, { owner = owner, is_private = owner.email ~= nil })
    apply(signature, body, request.json or request.fields)
    return answers.ok(views.signature(signature), 201)
  end

  local function update(request, signature)
    local body, bad = check(request, UPDATE)
    if not body then return bad end
    apply(signature, body, request.json or request.fields)
    return answers.ok(views.signature(signature))
  end

  signatures.routes = records.owned("signatures", list, create)
  for _, route in ipairs({
    { "GET", "/signatures/{id}", records.get("sig", "signature", views.signature) },
    { "PATCH", "/signatures/{id}", records.with("sig", "signature", update) },
    { "DELETE", "/signatures/{id}", records.remove("sig", "signature", company.signatures) },
  }) do
    signatures.routes[#signatures.routes + 1] = route
  end

  return signatures
end
