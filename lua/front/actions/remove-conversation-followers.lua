return {
  summary = "Let teammates no longer follow a conversation.",
  effect  = "idempotent",
  scopes  = { "conversations:write" },
  group   = "conversations",
  request = { "DELETE", "/conversations/{conversation_id}/followers" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
    teammate_ids = {
      list = "teammate", required = true, min = 1, max = 50, example = { "leela" },
      about = "The teammates.",
    },
  },
}
