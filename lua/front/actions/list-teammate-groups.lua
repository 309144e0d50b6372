return {
  summary = "List the teammate groups.",
  effect  = "read",
  scopes  = { "teammate_groups:read" },
  group   = "teammate groups",
  rare    = true,
  request = { "GET", "/teammate_groups" },

  output = {
    results = {
      list = { object = {
        id                 = { "string", about = "cir_…" },
        name               = { "string" },
        description        = { "string" },
        is_managed_by_scim = { "boolean", about = "Front's API cannot change it then." },
        permissions        = { "object" },
      } },
      columns = { "id", "name", "description", "is_managed_by_scim" },
      about = "Teammate groups as Front describes them.",
    },
  },
}
