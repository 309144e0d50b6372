return {
  summary = "Does not hear what became of a reply.",
  run = function(ctx)
    local function note(text)
      ctx.call("front/send-conversation-reply", { conversation_id = "cnv_yo1kiv7", type = "comment", body = text })
    end
    note("lost, first")
    ctx.call("front/send-conversation-reply", { conversation_id = "cnv_yo1kiv7", body = "<p>lost, second</p>" })
    note("lost, third")
  end,
}
