return {
  summary = "Change a conversation: assignee, inbox, status, tags or custom fields.",
  effect  = "idempotent",
  scopes  = { "conversations:write", "conversations:read" },
  group   = "conversations",
  request = { "PATCH", "/conversations/{conversation_id}" },
  merge   = { field = "custom_fields", from = "GET /conversations/{conversation_id}" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
    assignee_id = {
      "teammate", nullable = true, example = "leela",
      about = "The teammate to assign it to; null takes the assignee away.",
    },
    inbox_id = { "inbox", example = "support", about = "The inbox to move it to." },
    status = {
      enum = { "archived", "open", "deleted", "spam" }, example = "archived",
      about = "Its new status. Either this or status_id.",
    },
    status_id = {
      "status", example = "sts_5x",
      about = "For companies with ticketing, instead of status: its new ticket status.",
    },
    tag_ids = {
      list = "tag", example = { "vip" },
      about = "The tags that replace all that it has; an empty list removes them. To add some, use "
        .. "front/add-conversation-tag.",
    },
    custom_fields = {
      "object", example = { Region = "North" },
      about = "Values by the field's name in Front, with the same upper and lower case; null removes one. The "
        .. "conversation's other custom fields stay as they are.",
    },
    description = {
      "string", nullable = true, max = 65535, example = "Call the carrier",
      about = "Tasks: what there is to do, at most 65,535 characters; null clears it.",
    },
    due_at = {
      "time", nullable = true, example = "2027-01-31T09:00:00Z",
      about = "Tasks: when it is due, a time to come within 50 years; null clears it.",
    },
  },
}
