return {
  summary = "List the rules of a teammate.",
  effect  = "read",
  scopes  = { "rules:read" },
  group   = "rules",
  rare    = true,
  request = { "GET", "/teammates/{teammate_id}/rules" },

  input = {
    teammate_id = { "teammate", required = true, example = "leela", about = "The teammate." },
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
