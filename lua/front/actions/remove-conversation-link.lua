return {
  summary = "Remove links from a conversation.",
  effect  = "idempotent",
  scopes  = { "conversations:write" },
  group   = "conversations",
  request = { "DELETE", "/conversations/{conversation_id}/links" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
    link_ids = {
      list = "link", required = true, min = 1, max = 10, example = { "top_3ij8h" },
      about = "The links, at most 10.",
    },
  },
}
