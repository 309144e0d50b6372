return {
  summary = "List the time off of all teammates of a workspace, one page at a time.",
  effect  = "read",
  scopes  = { "time_off:read" },
  group   = "time off",
  rare    = true,
  request = { "GET", "/teams/{team_id}/time_offs" },

  input = {
    team_id = { "team", required = true, example = "tim_16", about = "The workspace; Front's API calls it a team." },
    active_from = {
      "time", as = "q[active_from]", example = "2026-07-01T00:00:00Z",
      about = "Only time off that lasts to this time or longer.",
    },
    active_until = {
      "time", as = "q[active_until]", example = "2026-08-01T00:00:00Z",
      about = "Only time off that begins by this time.",
    },
    limit = {
      "integer", min = 1, max = 100, example = 50,
      about = "Results per page; Front decides when not given. A page may have fewer although more follow.",
    },
  },

  output = {
    results = {
      list = { object = {
        id             = { "string", about = "vcr_…" },
        name           = { "string" },
        start_at       = { "time", about = "Unix seconds." },
        end_at         = { "time", about = "Unix seconds, or null when it is open." },
        auto_responder = { "object" },
        created_at     = { "time", about = "Unix seconds." },
        updated_at     = { "time", about = "Unix seconds." },
      } },
      columns = { "id", "name", "start_at", "end_at" },
      about = "Time off as Front describes it.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
