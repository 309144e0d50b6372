return {
  summary = "Get one ticket status.",
  effect  = "read",
  scopes  = { "statuses:read" },
  group   = "statuses",
  request = { "GET", "/company/statuses/{status_id}" },

  input = {
    status_id = { "status", required = true, example = "sts_5x", about = "The ticket status." },
  },

  output = {
    id          = { "string", about = "sts_…" },
    name        = { "string" },
    category    = { "string", about = "open, waiting or resolved" },
    description = { "string" },
    created_at  = { "time", about = "Unix seconds." },
    updated_at  = { "time", about = "Unix seconds." },
  },
}
