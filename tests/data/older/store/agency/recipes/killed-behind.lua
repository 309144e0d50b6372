return {
  summary = "Is killed when its comment is there.",
  run = function(ctx)
    local function note(text)
      ctx.call("front/send-conversation-reply", { conversation_id = "cnv_yo1kiv7", type = "comment", body = text })
    end
    note("killed-behind, first")
    note("killed-behind, second")
  end,
}
