return {
  summary = "Get one rule.",
  effect  = "read",
  scopes  = { "rules:read" },
  group   = "rules",
  request = { "GET", "/rules/{rule_id}" },

  input = {
    rule_id = { "rule", required = true, example = "rul_1q15q", about = "The rule." },
  },

  output = {
    id         = { "string", about = "rul_…" },
    name       = { "string" },
    actions    = { list = "string", about = "What it does, in words." },
    is_private = { "boolean" },
  },
}
