return {
  summary = "Add tags to a conversation.",
  effect  = "idempotent",
  scopes  = { "conversations:write" },
  group   = "conversations",
  request = { "POST", "/conversations/{conversation_id}/tags" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
    tag_ids = {
      list = "tag", required = true, min = 1, example = { "vip" },
      about = "The tags to add; those that it has already stay.",
    },
  },
}
