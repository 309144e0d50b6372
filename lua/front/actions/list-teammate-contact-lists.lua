return {
  summary = "List the contact lists of a teammate.",
  effect  = "read",
  scopes  = { "contacts:read" },
  group   = "contact lists",
  rare    = true,
  request = { "GET", "/teammates/{teammate_id}/contact_lists" },

  input = {
    teammate_id = { "teammate", required = true, example = "leela", about = "The teammate." },
  },

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
