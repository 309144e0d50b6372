return {
  summary = "Delete a draft.",
  effect  = "idempotent",
  scopes  = { "drafts:delete" },
  group   = "drafts",
  request = { "DELETE", "/drafts/{draft_id}" },

  input = {
    draft_id = { "message", required = true, example = "msg_1q15qmtq", about = "The draft." },
    version = {
      "string", required = true, min = 1, example = "8a1d3f",
      about = "The draft's version, as it was read. Front answers 409 when the draft has changed since.",
    },
  },
}
