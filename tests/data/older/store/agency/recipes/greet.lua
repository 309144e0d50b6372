return {
  summary = "Greets.",
  on = "front/conversation-created",
  run = function(ctx, event)
    local conversation = event.payload.conversation
    local function note(text)
      ctx.call("front/send-conversation-reply", { conversation_id = conversation.id, type = "comment", body = text })
    end
    note("greet, first: " .. conversation.subject)
    ctx.sleep("1h")
    note("greet, second: " .. conversation.subject)
    return event.payload.conversation.id
  end,
}
