return {
  summary = "List the contact lists.",
  effect  = "read",
  scopes  = { "contacts:read" },
  group   = "contact lists",
  request = { "GET", "/contact_lists" },

  output = {
    results = {
      list = { object = {
        id         = { "string", about = "grp_…" },
        name       = { "string" },
        is_private = { "boolean" },
      } },
      columns = { "id", "name", "is_private" },
      about = "Contact lists as Front describes them.",
    },
  },
}
