return {
  summary = "List the company's workspaces.",
  effect  = "read",
  scopes  = { "teams:read" },
  group   = "teams",
  request = { "GET", "/teams" },

  output = {
    results = {
      list = { object = {
        id   = { "string", about = "tim_…" },
        name = { "string" },
      } },
      columns = { "id", "name" },
      about = "Workspaces, with id and name only.",
    },
  },
}
