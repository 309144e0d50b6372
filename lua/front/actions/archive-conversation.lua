return {
  summary = "Archive a conversation.",
  effect  = "idempotent",
  scopes  = { "conversations:write" },
  group   = "conversations",

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
  },

  run = function(ctx, input)
    ctx.http.patch("/conversations/" .. url.segment(input.conversation_id), { status = "archived" })
    return {}
  end,
}
