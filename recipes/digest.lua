-- For cron: posts the conversations that have been unassigned for too long to a chat, or as a comment.

local function longer(a, b)
  if a.since ~= b.since then return a.since < b.since end
  return a.id < b.id
end

-- Front's null is json.null, which `if` takes for true.
local function known(value)
  if value ~= json.null and value ~= "" then return value end
end

local function brief(conversation)
  local recipient = known(conversation.recipient) or {}
  return {
    id        = conversation.id,
    subject   = text.truncate(known(conversation.subject) or "(no subject)", 100),
    recipient = known(recipient.name) or known(recipient.handle) or "unknown",
    since     = known(conversation.waiting_since) or conversation.created_at,
  }
end

return {
  summary = "Post a digest of conversations that have been unassigned for too long.",

  options = {
    hours = { "number", default = 24, min = 0, example = 4, about = "Unassigned for longer than this many hours." },
    limit = {
      "integer", default = 20, min = 1, max = 100, example = 10,
      about = "How many to show, the longest waiting first; the others are counted.",
    },
    template = { "template", default = "digest", example = "digest-short", about = "The template of the digest." },
    post_to  = {
      "string", example = "https://hooks.slack.com/services/T0/B0/x",
      about = "A chat's webhook, which takes {\"text\": …}: a URL or a secret. Its host must be in the client's hosts.",
    },
    conversation = {
      "conversation", example = "cnv_yo1kg5q", about = "Instead of post_to: a conversation to comment on.",
    },
  },

  run = function(ctx)
    local options = ctx.options
    if (options.post_to == nil) == (options.conversation == nil) then
      error({ kind = "invalid", message = "cannot post the digest: give either post_to or conversation" })
    end

    local now    = ctx.now()
    local list   = { statuses = { "unassigned" }, limit = 100 }
    local found  = { count = 0, longest = {} }
    found = ctx.each("front/list-conversations", list, found, function(item, state)
      local this = brief(item)
      if now - this.since < options.hours * 3600 then return end
      state.count = state.count + 1
      -- Keep only those that will be shown: there may be thousands.
      local at = #state.longest + 1
      while at > 1 and longer(this, state.longest[at - 1]) do at = at - 1 end
      table.insert(state.longest, at, this)
      state.longest[options.limit + 1] = nil
    end) or found
    if found.count == 0 then
      return ctx.skip(("nothing has been unassigned for %g hours"):format(options.hours))
    end

    local shown = {}
    for i, item in ipairs(found.longest) do
      shown[i] = {
        id = item.id, subject = item.subject, recipient = item.recipient,
        waiting = text.duration(math.floor((now - item.since) / 60) * 60), -- whole minutes
      }
    end
    local digest = ctx.template(options.template, {
      hours = options.hours, count = found.count, more = found.count > #shown and found.count - #shown,
      conversations = shown,
    })

    if options.post_to then
      ctx.http.post(options.post_to, { text = digest })
    else
      ctx.call("front/send-conversation-reply", {
        conversation_id = options.conversation, type = "comment", body = digest,
      })
    end
    return { count = found.count, shown = #shown }
  end,
}
