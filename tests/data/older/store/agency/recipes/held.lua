return {
  summary = "Has a token that is refused.",
  run = function(ctx)
    local function note(text)
      ctx.call("front/send-conversation-reply", { conversation_id = "cnv_yprx8a3", type = "comment", body = text })
    end
    note("held, first")
    ctx.sleep("1h")
    ctx.http.get("/teammates", { connection = "front" })
    note("held, second")
  end,
}
