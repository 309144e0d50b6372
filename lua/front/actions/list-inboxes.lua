return {
  summary = "List the inboxes that the connection may see.",
  effect  = "read",
  scopes  = { "inboxes:read" },
  group   = "inboxes",
  request = { "GET", "/inboxes" },

  output = {
    results = {
      list = { object = {
        id            = { "string", about = "inb_…" },
        name          = { "string" },
        is_private    = { "boolean", about = "Belongs to one teammate." },
        is_public     = { "boolean", about = "Every teammate may see it." },
        custom_fields = { "object" },
      } },
      columns = { "id", "name", "is_private" },
      about   = "All of them: Front does not page inboxes.",
    },
  },
}
