return {
  summary = "Sleeps for an hour.",
  run = function(ctx)
    local function note(text)
      ctx.call("front/send-conversation-reply", { conversation_id = "cnv_yo1kiv7", type = "comment", body = text })
    end
    note("sleeping, first")
    ctx.sleep("1h")
    note("sleeping, second")
    return { ctx.store.get("colour").name, hmac.sha256(ctx.vars.key, "wool") }
  end,
}
