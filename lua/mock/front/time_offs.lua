-- Time off: when a teammate is away, and what answers meanwhile.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, records, views, pages)
  local time_offs = {}

  local RESPONDER = { type = "object", fields = {
    body = { type = "string" }, is_enabled = { type = "boolean" }, is_contacts_only = { type = "boolean" },
    channel_ids = { type = "strings" },
  } }
  local UPDATE = {
    name = { type = "string" }, start_at = { type = "number" }, end_at = { type = "number", null = true },
    auto_responder = RESPONDER,
  }
  local NEW = {
    name = { type = "string", required = true }, start_at = { type = "number", required = true },
    end_at = UPDATE.end_at, auto_responder = RESPONDER,
  }

  local function view(t)
    local responder = t.auto_responder or {}
    return {
      _links = {
        self = views.link("/time_offs/" .. t.id), related = { teammate = views.link("/teammates/" .. t.owner.id) },
      },
      id = t.id, name = t.name, start_at = t.start_at, end_at = views.or_null(t.end_at), created_at = t.created_at,
      updated_at = t.updated_at, auto_responder = {
        is_enabled = responder.is_enabled or false, channel_ids = views.texts(responder.channel_ids),
        is_contacts_only = responder.is_contacts_only or false, body = responder.body or "",
      },
    }
  end

  local function check(request, schema, known)
    local body, bad = checks.body(request, schema)
    if not body then return nil, bad end
    local start_at, end_at = body.start_at or known.start_at, body.end_at or known.end_at
    if end_at and end_at <= start_at then return nil, answers.invalid("end_at: must be after start_at") end
    local responder = body.auto_responder or {}
    local found
    found, bad = checks.find_all(company, "cha", "channel", responder.channel_ids)
    if not found then return nil, bad end
    return body
  end

  local function create(request, teammate)
    local body, bad = check(request, NEW, {})
    if not body then return bad end
    local time_off = records.add("vcr", company.time_offs, {
      name = body.name, start_at = body.start_at, end_at = body.end_at, auto_responder = body.auto_responder,
      owner = teammate,
    })
    return answers.ok(view(time_off), 201)
  end

  local function update(request, time_off)
    local body, bad = check(request, UPDATE, time_off)
    if not body then return bad end
    records.set(time_off, body, request.json or request.fields, { "end_at" })
    for _, name in ipairs({ "name", "start_at", "auto_responder" }) do time_off[name] = body[name] or time_off[name] end
    return answers.none()
  end

  -- Answers with all: the teams of this company have all its teammates.
  local function of_team(request)
    return pages.answer(request, company.time_offs, view)
  end

  time_offs.routes = {
    { "GET", "/teammates/{id}/time_offs", records.with("tea", "teammate", function(request, teammate)
      return pages.answer(request, records.of(company.time_offs, teammate), view)
    end) },
    { "POST", "/teammates/{id}/time_offs", records.with("tea", "teammate", create) },
    { "GET", "/teams/{id}/time_offs", records.with("tim", "team", of_team) },
    { "GET", "/time_offs/{id}", records.get("vcr", "time off", view) },
    { "PATCH", "/time_offs/{id}", records.with("vcr", "time off", update) },
    { "DELETE", "/time_offs/{id}", records.remove("vcr", "time off", company.time_offs) },
  }

  return time_offs
end
