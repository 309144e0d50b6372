-- A reply to the customer, or a comment for the team: two endpoints of Front.

-- What says something about this one reply and would get lost in a comment. The other fields of a
-- message (channel, signature, sender, archive) say how a client replies in general: its override may
-- set them for every call, so a comment just leaves them out.
local ONLY_MESSAGES = { "to", "cc", "bcc", "subject", "text", "quote_body", "tag_ids" }
local ONLY_COMMENTS = { "is_pinned" }

local function refuse(input, names, owner)
  for _, name in ipairs(names) do
    if input[name] ~= nil then
      error({
        kind    = "invalid",
        message = "cannot send a " .. input.type .. " to " .. input.conversation_id .. ": " .. name
          .. " is for type=" .. owner,
      })
    end
  end
end

local function message_body(input)
  return {
    body         = input.body,
    text         = input.text,
    subject      = input.subject,
    to           = input.to,
    cc           = input.cc,
    bcc          = input.bcc,
    author_id    = input.author_id,
    sender_name  = input.sender_name,
    channel_id   = input.channel_id,
    quote_body   = input.quote_body,
    signature_id = input.signature_id,
    attachments  = input.attachments,
    should_add_default_signature = input.should_add_default_signature,
    -- Always sent: without it Front archives the conversation.
    options      = { archive = input.archive == true, tag_ids = input.tag_ids },
  }
end

local function comment_body(input)
  return {
    body        = input.body,
    author_id   = input.author_id,
    is_pinned   = input.is_pinned,
    attachments = input.attachments,
  }
end

-- A comment that is older than what left by no more than this may still be it: "absent" would post it
-- once more.
local SKEW = 300

-- Front answers 403 to several things without saying to which.
local function explain_403(err, input)
  local causes = "the author has no access to the conversation's inbox, "
  if input.type == "comment" then
    causes = causes .. "or the app lacks comments:write"
  else
    causes = causes .. "the app lacks messages:send, or signature_id is given on a channel that is no e-mail"
  end
  return {
    kind = "forbidden", status = 403, title = err.title, details = err.details,
    message = err.message .. "; what can cause it: " .. causes,
  }
end

-- A text without tags, entities and white space, to compare two of them.
local function bare(html)
  if type(html) ~= "string" then return "" end
  return (text.from_html(html):gsub("%s+", ""):gsub("\u{A0}", ""))
end

local function same_author(wanted, author)
  if not wanted then return true end
  if type(author) ~= "table" then return false end
  return wanted == author.id or wanted:lower() == ("alt:email:" .. tostring(author.email)):lower()
end

-- The conversation's messages since SINCE; Front lists the newest first.
local function messages_since(ctx, path, since)
  local found = {}
  local page  = ctx.http.page(path, { query = { limit = 100, sort_by = "created_at", sort_order = "desc" } })
  while page do
    for _, message in ipairs(page.results) do
      if message.created_at < since then return found end
      found[#found + 1] = message
    end
    page = page.next and ctx.http.page(page.next)
  end
  return found
end

return {
  summary = "Reply to a conversation, or comment on it.",
  effect  = "write",
  scopes  = { "messages:send", "comments:write" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
    type = {
      enum = { "message", "comment" }, default = "message", example = "comment",
      about = "A message goes to the customer; a comment is seen by the team only.",
    },
    body = {
      "string", required = true, min = 1, example = "<p>Thank you, we are on it.</p>",
      about = "A message's body is HTML, a comment's Markdown.",
    },
    author_id   = { "teammate", example = "leela", about = "On whose behalf; the app itself when left out." },
    attachments = { list = "file", example = { "@price-list.pdf" }, about = "Files, 25 MB together at most." },

    channel_id = {
      "channel", example = "support",
      about = "Messages: the channel to send from; needed when several are involved. Comments leave it out.",
    },
    sender_name = {
      "string", example = "Leela at Acme", about = "Messages: the sender's name as shown. Comments leave it out.",
    },
    signature_id = {
      "signature", nullable = true, example = "support",
      about = "Messages: the signature to add, on e-mail channels; null for none. Comments leave it out.",
    },
    should_add_default_signature = {
      "boolean", example = true,
      about = "Messages: add the signature that Front finds for author_id, on e-mail channels; without effect when "
        .. "author_id is left out or signature_id is given. Comments leave it out.",
    },
    archive = {
      "boolean", default = false, example = true,
      about = "Messages: archive the conversation as well (Front's own default is to do so). Comments leave it out.",
    },
    tag_ids = { list = "tag", example = { "tag_2oxhvy" }, about = "Messages: tags to add to the conversation." },
    to = {
      list = "string", example = { "ada@customer.example" },
      about = "Messages: recipients; without to and cc, those of the last message received.",
    },
    cc         = { list = "string", example = { "bob@customer.example" }, about = "Messages: copies." },
    bcc        = { list = "string", example = { "crm@acme.example" }, about = "Messages: blind copies." },
    subject    = { "string", example = "Your order", about = "Messages: the subject." },
    text       = { "string", example = "Thank you, we are on it.", about = "Messages: body as plain text." },
    quote_body = {
      "string", example = "<p>Where is my order?</p>", about = "Messages: HTML to quote below, on e-mail channels.",
    },

    is_pinned = { "boolean", example = true, about = "Comments: pin it in the conversation." },
  },

  output = {
    message_uid = { "string", about = "Messages: what Front will know the message by; it appears a little later." },
    status      = { "string", about = "Messages: accepted." },
    id          = { "string", about = "Comments: com_…" },
    body        = { "string", about = "Comments: the Markdown." },
    posted_at   = { "time", about = "Comments: Unix seconds." },
    author      = { "object", about = "Comments: the teammate, or null." },
    is_pinned   = { "boolean", about = "Comments." },
    attachments = { list = "object", about = "Comments." },
  },

  run = function(ctx, input)
    local comment = input.type == "comment"
    if comment then
      refuse(input, ONLY_MESSAGES, "message")
    else
      refuse(input, ONLY_COMMENTS, "comment")
    end
    local path  = "/conversations/" .. url.segment(input.conversation_id) .. (comment and "/comments" or "/messages")
    local body  = comment and comment_body(input) or message_body(input)
    local files = input.attachments ~= nil and #input.attachments > 0
    local ok, answer = pcall(ctx.http.post, path, body, { multipart = files })
    if ok then return answer end
    if type(answer) == "table" and answer.status == 403 then answer = explain_403(answer, input) end
    error(answer, 0)
  end,

  -- Front takes no key of ours, so what left is looked for by time, author and text. Messages appear
  -- late: that one is missing proves nothing. A comment is there at once.
  confirm = function(ctx, input, intent)
    local path    = "/conversations/" .. url.segment(input.conversation_id)
    local since   = intent.at - 5 -- clocks differ
    -- An override may have changed what was asked for; the request says what left.
    local sent    = type(intent.request.body) == "table" and intent.request.body or input
    local ours    = bare(sent.body)
    local claimed = intent.claimed or {} -- by id or uid: what other steps made
    local found   = {}

    if input.type == "comment" then
      local is_doubtful = false -- ours, by a clock that is minutes behind this machine's, or an older one
      for _, comment in ipairs(ctx.http.page(path .. "/comments").results) do
        if comment.posted_at >= intent.at - SKEW and not claimed[comment.id]
          and same_author(sent.author_id, comment.author) and bare(comment.body) == ours then
          if comment.posted_at >= since then found[#found + 1] = comment else is_doubtful = true end
        end
      end
      if #found == 1 then return found[1] end
      if #found == 0 and not is_doubtful and ctx.now() - intent.at >= 60 then return false end
      return nil
    end

    if ours == "" then return nil end -- a picture only, say: every message begins with nothing
    for _, message in ipairs(messages_since(ctx, path .. "/messages", since)) do
      if message.is_inbound == false and not claimed[message.id] and not claimed[message.message_uid or ""]
        and same_author(sent.author_id, message.author) and bare(message.body):sub(1, #ours) == ours then
        found[#found + 1] = message
      end
    end
    if #found ~= 1 then return nil end
    return { message_uid = found[1].message_uid, id = found[1].id, status = "accepted" }
  end,
}
