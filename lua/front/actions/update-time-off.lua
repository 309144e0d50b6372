return {
  summary = "Change a time off.",
  effect  = "idempotent",
  scopes  = { "time_off:write" },
  group   = "time off",
  request = { "PATCH", "/time_offs/{time_off_id}" },

  input = {
    time_off_id = { "time_off", required = true, example = "vcr_1q15q", about = "The time off." },
    name        = { "string", example = "Summer holiday", about = "What it is called." },
    start_at    = { "time", example = "2026-07-01T00:00:00Z", about = "When it begins." },
    end_at = {
      "time", nullable = true, example = "2026-07-15T00:00:00Z",
      about = "When it ends; null leaves it open.",
    },
    auto_responder = {
      object = {
        body             = { "html", example = "<p>I am away until Monday.</p>", about = "The answer, as HTML." },
        is_enabled       = { "boolean", example = true, about = "Whether it answers." },
        is_contacts_only = { "boolean", example = true, about = "Answer known contacts only." },
        channel_ids      = { list = "channel", example = { "support" }, about = "The channels on which it answers." },
      },
      example = { body = "<p>I am away until Monday.</p>", is_enabled = true },
      about = "The automatic answer in the meantime.",
    },
  },
}
