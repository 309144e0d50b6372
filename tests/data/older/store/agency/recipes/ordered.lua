return {
  summary = "Answers letters in their order.",
  on = "front/message-received",
  run = function(ctx, event)
    local function note(text)
      ctx.call("front/send-conversation-reply",
        { conversation_id = event.payload.conversation.id, type = "comment", body = text })
    end
    note("ordered, first: " .. event.payload.target.data.id)
    ctx.http.get("/me", { connection = "front" })
    note("ordered, second: " .. event.payload.target.data.id)
  end,
}
