return {
  summary = "List the private inboxes of a teammate.",
  effect  = "read",
  scopes  = { "inboxes:read" },
  group   = "inboxes",
  rare    = true,
  request = { "GET", "/teammates/{teammate_id}/private_inboxes" },

  input = {
    teammate_id = { "teammate", required = true, example = "leela", about = "The teammate." },
  },

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
      about = "Inboxes as Front describes them.",
    },
  },
}
