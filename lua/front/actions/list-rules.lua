return {
  summary = "List the rules that the connection may see.",
  effect  = "read",
  scopes  = { "rules:read" },
  group   = "rules",
  request = { "GET", "/rules" },

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
