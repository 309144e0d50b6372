return {
  summary = "Get one inbox.",
  effect  = "read",
  scopes  = { "inboxes:read" },
  group   = "inboxes",
  request = { "GET", "/inboxes/{inbox_id}" },

  input = {
    inbox_id = { "inbox", required = true, example = "support", about = "The inbox." },
  },

  output = {
    id            = { "string", about = "inb_…" },
    name          = { "string" },
    is_private    = { "boolean", about = "Belongs to one teammate." },
    is_public     = { "boolean", about = "Every teammate may see it." },
    custom_fields = { "object" },
  },
}
