return {
  summary = "Get the company that the connection belongs to.",
  effect  = "read",
  scopes  = {},
  group   = "company",
  request = { "GET", "/me" },

  output = {
    id   = { "string", about = "cmp_…" },
    name = { "string" },
  },
}
