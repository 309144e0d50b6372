return {
  summary = "Assign a conversation to a teammate.",
  effect  = "idempotent",
  scopes  = { "conversations:write" },
  group   = "conversations",
  request = { "PUT", "/conversations/{conversation_id}/assignee" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
    assignee_id = {
      "teammate", required = true, nullable = true, example = "leela",
      about = "The teammate; null takes the assignee away.",
    },
  },
}
