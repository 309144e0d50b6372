return {
  summary = "Get one teammate group.",
  effect  = "read",
  scopes  = { "teammate_groups:read" },
  group   = "teammate groups",
  rare    = true,
  request = { "GET", "/teammate_groups/{group_id}" },

  input = {
    group_id = { "teammate_group", required = true, example = "cir_1q15q", about = "The teammate group." },
  },

  output = {
    id                 = { "string", about = "cir_…" },
    name               = { "string" },
    description        = { "string" },
    is_managed_by_scim = { "boolean", about = "Front's API cannot change it then." },
    permissions        = { "object" },
  },
}
