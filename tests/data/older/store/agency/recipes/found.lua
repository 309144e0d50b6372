return {
  summary = "Does not hear what became of a comment.",
  run = function(ctx)
    local function note(text)
      ctx.call("front/send-conversation-reply", { conversation_id = "cnv_yo1kiv7", type = "comment", body = text })
    end
    note("found, first")
    note("found, second")
    note("found, third")
  end,
}
