return {
  summary = "Is refused.",
  run = function(ctx)
    local function note(text)
      ctx.call("front/send-conversation-reply", { conversation_id = "cnv_yo1kiv7", type = "comment", body = text })
    end
    note("dead, first")
    ctx.http.get("/me", { connection = "front" })
    note("dead, second")
  end,
}
