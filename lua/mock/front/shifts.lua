-- Shifts: when which teammates work.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, records, views, pages)
  local shifts = {}

  local HOURS = { type = "object", fields = {
    start = { type = "string", required = true }, ["end"] = { type = "string", required = true },
  } }
  local TIMES = { type = "object", fields = {
    mon = HOURS, tue = HOURS, wed = HOURS, thu = HOURS, fri = HOURS, sat = HOURS, sun = HOURS,
  } }
  local UPDATE = {
    name = { type = "string" }, timezone = { type = "string" }, times = TIMES, teammate_ids = { type = "strings" },
    color = { type = "string", enum = {
      "black", "grey", "pink", "purple", "blue", "teal", "green", "yellow", "orange", "red",
    } },
  }
  local NEW = {}
  for name, field in pairs(UPDATE) do NEW[name] = setmetatable({ required = true }, { __index = field }) end
  local IDS = { teammate_ids = { type = "strings", required = true } }

  local function view(s)
    local self = views.link("/shifts/" .. s.id)
    return {
      _links = { self = self, related = { teammates = self .. "/teammates", owner = views.owner_link(s.owner) } },
      id = s.id, name = s.name, color = s.color, timezone = s.timezone, times = s.times, created_at = s.created_at,
      updated_at = s.updated_at,
    }
  end

  local function check(request, schema)
    local body, bad = checks.body(request, schema)
    if not body then return nil, bad end
    for day, hours in pairs(body.times or {}) do
      for _, name in ipairs({ "start", "end" }) do
        if not hours[name]:find("^%d%d:%d%d$") then
          return nil, answers.invalid(("times.%s.%s: must be a time such as 09:00"):format(day, name))
        end
      end
    end
    body.teammates, bad = checks.find_all(company, "tea", "teammate", body.teammate_ids)
    if bad then return nil, bad end
    return body
  end

  local function create(request, owner)
    local body, bad = check(request, NEW)
    if not body then return bad end
    local shift = records.add("shf", company.shifts, {
      name = body.name, color = body.color, timezone = body.timezone, times = body.times, owner = owner,
      teammates = body.teammates,
    })
    return answers.ok(view(shift), 201)
  end

  local function update(request, shift)
    local body, bad = check(request, UPDATE)
    if not body then return bad end
    for _, name in ipairs({ "name", "color", "timezone", "times" }) do shift[name] = body[name] or shift[name] end
    if body.teammate_ids then shift.teammates = body.teammates end
    shift.updated_at = company.now()
    return answers.none()
  end

  -- Returns a handler by which teammates join a shift, or leave it. ADDED: whether they join.
  local function change(added)
    return function(request, shift)
      local body, bad = check(request, IDS)
      if not body then return bad end
      local moved, kept = {}, {}
      for _, teammate in ipairs(body.teammates) do moved[teammate] = true end
      for _, teammate in ipairs(shift.teammates) do
        if not moved[teammate] then kept[#kept + 1] = teammate end
      end
      if added then table.move(body.teammates, 1, #body.teammates, #kept + 1, kept) end
      shift.teammates = kept
      return answers.none()
    end
  end

  local function of_teammate(request, teammate)
    local found = {}
    for _, shift in ipairs(company.shifts) do
      for _, one in ipairs(shift.teammates) do
        if one == teammate then found[#found + 1] = shift end
      end
    end
    return pages.whole(request, found, view)
  end

  function shifts.seed()
    local shift = records.add("shf", company.shifts, {
      name = "Weekdays", color = "blue", timezone = "Europe/Zurich", owner = company.teams[1], times = {},
      teammates = { company.teammates[1], company.teammates[2] },
    })
    for _, day in ipairs({ "mon", "tue", "wed", "thu", "fri" }) do
      shift.times[day] = { start = "09:00", ["end"] = "17:00" }
    end
    shift.created_at = company.epoch - 86400 * 90
    shift.updated_at = shift.created_at
  end

  local function with(handler) return records.with("shf", "shift", handler) end
  shifts.routes = {
    { "GET", "/shifts", records.whole(company.shifts, view) },
    { "POST", "/shifts", function(request) return create(request, nil) end },
    { "GET", "/shifts/{id}", records.get("shf", "shift", view) },
    { "PATCH", "/shifts/{id}", with(update) },
    { "GET", "/shifts/{id}/teammates", with(function(request, shift)
      return pages.whole(request, shift.teammates, views.teammate)
    end) },
    { "POST", "/shifts/{id}/teammates", with(change(true)) },
    { "DELETE", "/shifts/{id}/teammates", with(change(false)) },
    { "GET", "/teammates/{id}/shifts", records.with("tea", "teammate", of_teammate) },
    { "GET", "/teams/{id}/shifts", records.with("tim", "team", function(request, team)
      return pages.whole(request, records.of(company.shifts, team), view)
    end) },
    { "POST", "/teams/{id}/shifts", records.with("tim", "team", create) },
  }

  return shifts
end
