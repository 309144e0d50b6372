return {
  summary = "Is cancelled.",
  run = function(ctx)
    local function note(text)
      ctx.call("front/send-conversation-reply", { conversation_id = "cnv_yo1kiv7", type = "comment", body = text })
    end
    note("cancelled, first")
    ctx.sleep("1h")
    note("cancelled, second")
  end,
}
