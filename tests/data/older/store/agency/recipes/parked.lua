return {
  summary = "Does not hear what became of a request that no action confirms.",
  run = function(ctx)
    local function note(text)
      ctx.call("front/send-conversation-reply", { conversation_id = "cnv_yo1kiv7", type = "comment", body = text })
    end
    note("parked, first")
    ctx.http.post("/conversations/cnv_yo1kiv7/comments", { body = "parked, second" }, { connection = "front" })
    note("parked, third")
  end,
}
