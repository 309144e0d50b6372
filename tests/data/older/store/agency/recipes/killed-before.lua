return {
  summary = "Is killed before its comment leaves.",
  run = function(ctx)
    local function note(text)
      ctx.call("front/send-conversation-reply", { conversation_id = "cnv_yo1kiv7", type = "comment", body = text })
    end
    note("killed-before, first")
  end,
}
