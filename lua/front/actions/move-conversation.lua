return {
  summary = "Move a conversation to another inbox.",
  effect  = "idempotent",
  scopes  = { "conversations:write" },
  group   = "conversations",
  request = { "PATCH", "/conversations/{conversation_id}" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
    inbox_id        = { "inbox", required = true, example = "support", about = "The inbox to move it to." },
  },
}
