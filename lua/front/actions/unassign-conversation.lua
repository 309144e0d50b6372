return {
  summary = "Take a conversation's assignee away.",
  effect  = "idempotent",
  scopes  = { "conversations:write" },
  group   = "conversations",

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
  },

  run = function(ctx, input)
    local path = "/conversations/" .. url.segment(input.conversation_id) .. "/assignee"
    ctx.http.put(path, { assignee_id = json.null })
    return {}
  end,
}
