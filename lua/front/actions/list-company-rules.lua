return {
  summary = "List the rules of the whole company.",
  effect  = "read",
  scopes  = { "rules:read" },
  group   = "rules",
  rare    = true,
  request = { "GET", "/company/rules" },

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
