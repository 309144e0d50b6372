return {
  summary = "Waits for a letter.",
  run = function(ctx)
    local function note(text)
      ctx.call("front/send-conversation-reply", { conversation_id = "cnv_yo1kiv7", type = "comment", body = text })
    end
    note("waiting, first")
    local event = ctx.wait_for("front/conversation-created", { ["payload.conversation.id"] = "cnv_yo1kiua" }, "1d")
    note("waiting, second")
    return event and event.payload.conversation.id
  end,
}
