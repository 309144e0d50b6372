return {
  summary = "Is skipped.",
  run = function(ctx)
    local function note(text)
      ctx.call("front/send-conversation-reply", { conversation_id = "cnv_yo1kiv7", type = "comment", body = text })
    end
    note("skipped")
    ctx.skip("nothing to do")
  end,
}
