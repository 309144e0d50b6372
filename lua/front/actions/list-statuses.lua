return {
  summary = "List the company's ticket statuses. Front answers 404 where ticketing is off.",
  effect  = "read",
  scopes  = { "statuses:read" },
  group   = "statuses",
  request = { "GET", "/company/statuses" },

  output = {
    results = {
      list = { object = {
        id          = { "string", about = "sts_…" },
        name        = { "string" },
        category    = { "string", about = "open, waiting or resolved" },
        description = { "string" },
        created_at  = { "time", about = "Unix seconds." },
        updated_at  = { "time", about = "Unix seconds." },
      } },
      columns = { "id", "name", "category", "description" },
      about = "Ticket statuses as Front describes them.",
    },
  },
}
