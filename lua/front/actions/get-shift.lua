return {
  summary = "Get one shift.",
  effect  = "read",
  scopes  = { "shifts:read" },
  group   = "shifts",
  request = { "GET", "/shifts/{shift_id}" },

  input = {
    shift_id = { "shift", required = true, example = "shf_1q15q", about = "The shift." },
  },

  output = {
    id         = { "string", about = "shf_…" },
    name       = { "string" },
    color      = { "string" },
    timezone   = { "string", about = "Such as Europe/Berlin." },
    times      = { "object", about = "{start, end} by day: mon, tue, …" },
    created_at = { "time", about = "Unix seconds." },
    updated_at = { "time", about = "Unix seconds." },
  },
}
