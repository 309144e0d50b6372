return {
  summary = "Ends well.",
  run = function(ctx)
    local function note(text)
      ctx.call("front/send-conversation-reply", { conversation_id = "cnv_yo1kiv7", type = "comment", body = text })
    end
    note("done")
    ctx.store.set("colour", { name = "blue" })
    return ctx.store.get("colour").name
  end,
}
