return {
  summary = "List the shifts of a teammate.",
  effect  = "read",
  scopes  = { "shifts:read" },
  group   = "shifts",
  rare    = true,
  request = { "GET", "/teammates/{teammate_id}/shifts" },

  input = {
    teammate_id = { "teammate", required = true, example = "leela", about = "The teammate." },
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
