return {
  summary = "List the rules of a workspace.",
  effect  = "read",
  scopes  = { "rules:read" },
  group   = "rules",
  rare    = true,
  request = { "GET", "/teams/{team_id}/rules" },

  input = {
    team_id = { "team", required = true, example = "tim_16", about = "The workspace; Front's API calls it a team." },
  },

  output = {
    results = {
      list = { object = {
        id         = { "string", about = "rul_…" },
        name       = { "string" },
        actions    = { list = "string", about = "What it does, in words." },
        is_private = { "boolean" },
      } },
      columns = { "id", "name", "actions", "is_private" },
      about = "Rules as Front describes them.",
    },
  },
}
