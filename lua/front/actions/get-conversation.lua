return {
  summary = "Get one conversation.",
  effect  = "read",
  scopes  = { "conversations:read" },

  input = {
    conversation_id = {
      "conversation", required = true, example = "cnv_yo1kg5q",
      about = "The conversation. One that was merged away answers with the one it went into.",
    },
  },

  output = {
    id            = { "string", about = "cnv_…; differs from what was asked for after a merge." },
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
    waiting_since = { "time", about = "Unix seconds; since when the customer waits." },
    is_private    = { "boolean" },
  },

  run = function(ctx, input)
    return ctx.http.get("/conversations/" .. url.segment(input.conversation_id))
  end,
}
