return {
  summary = "Give teammates access to an inbox.",
  effect  = "idempotent",
  scopes  = { "inboxes:write" },
  group   = "inboxes",
  request = { "POST", "/inboxes/{inbox_id}/teammates" },

  input = {
    inbox_id = { "inbox", required = true, example = "support", about = "The inbox." },
    teammate_ids = {
      list = "teammate", required = true, min = 1, example = { "leela", "fry" },
      about = "The teammates.",
    },
  },
}
