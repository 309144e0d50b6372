return {
  summary = "Is paused.",
  run = function(ctx)
    local function note(text)
      ctx.call("front/send-conversation-reply", { conversation_id = "cnv_yo1kiv7", type = "comment", body = text })
    end
    note("paused, first")
    ctx.sleep("1h")
    note("paused, second")
  end,
}
