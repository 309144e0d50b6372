-- Teams, which Front also calls workspaces.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, records, views)
  local teams = {}
  local IDS = { teammate_ids = { type = "strings", required = true } }

  local function members_of(team)
    local found = {}
    for _, teammate in ipairs(company.teammates) do
      if not team.left or not team.left[teammate] then found[#found + 1] = teammate end
    end
    return found
  end

  local function get(_, team)
    local shown = views.team(team)
    shown.inboxes = answers.list(records.of(company.inboxes, team), views.inbox)
    shown.members = answers.list(members_of(team), views.teammate)
    return answers.ok(shown)
  end

  -- Returns a handler by which teammates join a team, or leave it. GONE: true or nil.
  local function change(gone)
    return function(request, team)
      local body, bad = checks.body(request, IDS)
      if not body then return bad end
      local found
      found, bad = checks.find_all(company, "tea", "teammate", body.teammate_ids)
      if not found then return bad end
      team.left = team.left or {}
      for _, teammate in ipairs(found) do team.left[teammate] = gone end
      return answers.none()
    end
  end

  teams.routes = {
    { "GET", "/teams", records.whole(company.teams, views.team) },
    { "GET", "/teams/{id}", records.with("tim", "team", get) },
    { "POST", "/teams/{id}/teammates", records.with("tim", "team", change(nil)) },
    { "DELETE", "/teams/{id}/teammates", records.with("tim", "team", change(true)) },
  }

  return teams
end
