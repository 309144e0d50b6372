return {
  summary = "Wake a snoozed conversation now.",
  effect  = "idempotent",
  scopes  = { "conversations:write" },
  group   = "conversations",

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
    teammate_id = {
      "teammate", required = true, example = "leela",
      about = "In a shared inbox any teammate with access; otherwise the owner of the conversation.",
    },
  },

  run = function(ctx, input)
    local path = "/conversations/" .. url.segment(input.conversation_id) .. "/reminders"
    ctx.http.patch(path, { teammate_id = input.teammate_id, scheduled_at = json.null })
    return {}
  end,
}
