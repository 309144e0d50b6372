return {
  summary = "Enter time off for a teammate.",
  effect  = "write",
  scopes  = { "time_off:write" },
  group   = "time off",
  request = { "POST", "/teammates/{teammate_id}/time_offs" },

  input = {
    teammate_id = { "teammate", required = true, example = "leela", about = "The teammate." },
    name        = { "string", required = true, example = "Summer holiday", about = "What it is called." },
    start_at    = { "time", required = true, example = "2026-07-01T00:00:00Z", about = "When it begins." },
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

  output = {
    id             = { "string", about = "vcr_…" },
    name           = { "string" },
    start_at       = { "time", about = "Unix seconds." },
    end_at         = { "time", about = "Unix seconds, or null when it is open." },
    auto_responder = { "object" },
    created_at     = { "time", about = "Unix seconds." },
    updated_at     = { "time", about = "Unix seconds." },
  },

  -- Looks for one of this name that is as new as the request.
  confirm = function(ctx, _, intent)
    local body = intent.request.body
    local page = ctx.http.page(intent.request.path)
    while page do
      for _, entry in ipairs(page.results) do
        if entry.name == body.name and (entry.created_at or 0) >= intent.at - 5 and not intent.claimed[entry.id] then
          return entry
        end
      end
      page = page.next and ctx.http.page(page.next)
    end
    if ctx.now() - intent.at >= 60 then return false end
  end,
}
