return {
  summary = "Let teammates follow a conversation.",
  effect  = "idempotent",
  scopes  = { "conversations:write" },
  group   = "conversations",
  request = { "POST", "/conversations/{conversation_id}/followers" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
    teammate_ids = {
      list = "teammate", required = true, min = 1, max = 50, example = { "leela" },
      about = "The teammates, at most 50.",
    },
    ignore_errors = {
      "boolean", at = "query", example = true,
      about = "Add those who can be added, and pass over the others.",
    },
  },
}
