return {
  summary = "List the inboxes that a conversation is in.",
  effect  = "read",
  scopes  = { "inboxes:read" },
  group   = "conversations",
  request = { "GET", "/conversations/{conversation_id}/inboxes" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
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
