return {
  summary = "Delete a conversation for good. It must be in the trash, and this cannot be undone.",
  effect  = "idempotent",
  scopes  = { "conversations:delete" },
  group   = "conversations",
  request = { "DELETE", "/conversations/{conversation_id}" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
  },
}
