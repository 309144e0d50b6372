return {
  summary = "List the shifts of a workspace.",
  effect  = "read",
  scopes  = { "shifts:read" },
  group   = "shifts",
  rare    = true,
  request = { "GET", "/teams/{team_id}/shifts" },

  input = {
    team_id = { "team", required = true, example = "tim_16", about = "The workspace; Front's API calls it a team." },
  },

  output = {
    results = {
      list = { object = {
        id         = { "string", about = "shf_…" },
        name       = { "string" },
        color      = { "string" },
        timezone   = { "string", about = "Such as Europe/Berlin." },
        times      = { "object", about = "{start, end} by day: mon, tue, …" },
        created_at = { "time", about = "Unix seconds." },
        updated_at = { "time", about = "Unix seconds." },
      } },
      columns = { "id", "name", "timezone", "color" },
      about = "Shifts as Front describes them.",
    },
  },
}
