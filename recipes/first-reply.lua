return {
  summary = "Answer a new conversation with the client's first-reply template.",
  on      = "front/conversation-created",

  options = {
    template = { "template", default = "first-reply", example = "welcome", about = "The template of the reply." },
    author   = { "teammate", example = "leela", about = "The teammate who writes; the app itself when not given." },
  },
  retry = { attempts = 8, give_up = "2h" },

  run = function(ctx, event)
    local conversation = event.payload.conversation
    if event.payload.type == "outbound" then return ctx.skip("we wrote first") end
    return ctx.call("front/send-conversation-reply", {
      conversation_id = conversation.id,
      author_id       = ctx.options.author,
      body            = ctx.template(ctx.options.template, { conversation = conversation }),
    })
  end,
}
