return {
  summary = "Snooze a conversation until a time.",
  effect  = "idempotent",
  scopes  = { "conversations:write" },
  group   = "conversations",
  request = { "PATCH", "/conversations/{conversation_id}/reminders" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
    teammate_id = {
      "teammate", required = true, example = "leela",
      about = "In a shared inbox any teammate with access, and the reminder is for all of them; otherwise the owner of "
        .. "the conversation.",
    },
    scheduled_at = {
      "time", required = true, nullable = true, example = "2027-01-31T09:00:00Z",
      about = "When it comes back: a time to come, within 50 years; null wakes it now.",
    },
    status_id = {
      "status", example = "sts_5x",
      about = "For companies with ticketing: the waiting status that it gets.",
    },
  },
}
