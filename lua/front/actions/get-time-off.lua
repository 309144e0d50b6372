return {
  summary = "Get one time off.",
  effect  = "read",
  scopes  = { "time_off:read" },
  group   = "time off",
  rare    = true,
  request = { "GET", "/time_offs/{time_off_id}" },

  input = {
    time_off_id = { "time_off", required = true, example = "vcr_1q15q", about = "The time off." },
  },

  output = {
    id             = { "string", about = "vcr_…" },
    name           = { "string" },
    start_at       = { "time", about = "Unix seconds." },
    end_at         = { "time", about = "Unix seconds, or null when it is open." },
    auto_responder = { "object" },
    created_at     = { "time", about = "Unix seconds." },
    updated_at     = { "time", about = "Unix seconds." },
  },
}
