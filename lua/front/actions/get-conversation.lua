return {
  summary = "Get one conversation.",
  effect  = "read",
  scopes  = { "conversations:read" },
  group   = "conversations",
  request = { "GET", "/conversations/{conversation_id}" },

  input = {
    conversation_id = {
      "conversation", required = true, example = "cnv_yo1kg5q",
      about = "The conversation. For one that was merged, the result is the conversation that it was merged into.",
    },
  },

  output = {
    id            = { "string", about = "cnv_…; another id than the given one after a merge." },
    type          = { "string", about = "conversation, discussion or task" },
    subject       = { "string" },
    status        = { "string", about = "assigned, unassigned, archived or deleted" },
    assignee      = { "object", about = "The teammate, or null." },
    recipient     = { "object", about = "The main correspondent, {handle, name, role}, or null." },
    tags          = { list = "object" },
    links         = { list = "object" },
    custom_fields = { "object" },
    created_at    = { "time", about = "Unix seconds." },
    updated_at    = { "time", about = "Unix seconds." },
    waiting_since = { "time", about = "Unix seconds; the time since which the customer waits." },
    is_private    = { "boolean" },
  },
}
