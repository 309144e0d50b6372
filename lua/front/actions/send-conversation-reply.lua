-- Sends a reply to the customer, or a comment for the team: two endpoints of Front.

-- Refused for a comment, as they belong to this one reply and would be lost. The other fields of a message
-- (channel, signature, sender, archive) tell how a client replies in general: its override may set them for
-- every call, so a comment ignores them.
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
    -- Always sent: without `archive` Front archives the conversation.
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

-- Adds the possible causes: Front answers 403 for several reasons and does not name the one.
local function explain_403(err, input)
  local causes = "the author has no access to the conversation's inbox, "
  if input.type == "comment" then
    causes = causes .. "or the app lacks comments:write"
  else
    causes = causes .. "the app lacks messages:send, or signature_id is given on a channel that is not e-mail"
  end
  return {
    kind = "forbidden", status = 403, title = err.title, details = err.details,
    message = err.message .. "; possible causes: " .. causes,
  }
end

-- The text of HTML without tags, entities and white space, for comparing.
local function bare(html)
  if type(html) ~= "string" then return "" end
  return (text.from_html(html):gsub("%s+", ""):gsub("\u{A0}", ""))
end

local function same_author(wanted, author)
  if not wanted then return true end
  if type(author) ~= "table" then return false end
  return wanted == author.id or wanted:lower() == ("alt:email:" .. tostring(author.email)):lower()
end

-- The text and author of a request, to compare with what the conversation holds.
local function asked_of(request)
  local body = type(request.body) == "table" and request.body or {}
  return { bare = bare(body.body), author = type(body.author_id) == "string" and body.author_id or nil }
end

-- Whether OTHER, which fits an item as well as OURS, describes it more closely: by a longer text, or by an author.
local function is_closer(other, ours)
  return #other.bare > #ours.bare or #other.bare == #ours.bare and other.author and not ours.author
end

-- Whether ITEM, a message or comment, was made by the request OURS and by no other run's request to the same
-- path. FITS compares two bare texts.
local function is_ours(item, ours, others, fits)
  local got = bare(item.body)
  local function made(asked) return same_author(asked.author, item.author) and fits(got, asked.bare) end
  if not made(ours) then return false end
  for _, other in ipairs(others) do
    if is_closer(other, ours) and made(other) then return false end
  end
  return true
end

-- Returns an item of FOUND unless there are more of them than equal requests. Among equal requests it does not
-- matter which made which item, and `claimed` keeps two runs from taking the same one.
local function take(found, ours, others)
  local most = 1
  for _, other in ipairs(others) do
    if other.bare == ours.bare and other.author == ours.author then most = most + 1 end
  end
  return #found <= most and found[1] or nil
end

local function equal(got, asked) return got == asked end
local function begins(got, asked) return got:sub(1, #asked) == asked end

-- The conversation's messages created at SINCE or later. Front lists the newest first.
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

-- Seconds. Clocks usually differ by up to DRIFT. This machine's may be ahead by up to SKEW, as with a wrong time
-- zone: a comment that seems older by that much may be ours, and the answer "absent" would post it twice.
local DRIFT, SKEW = 5, 86400

local function find_comment(ctx, intent, ours, others)
  local found, is_doubtful = {}, false
  for _, comment in ipairs(ctx.http.page(intent.request.path).results) do
    if comment.posted_at >= intent.at - SKEW and not intent.claimed[comment.id]
      and is_ours(comment, ours, others, equal) then
      if comment.posted_at >= intent.at - DRIFT then found[#found + 1] = comment else is_doubtful = true end
    end
  end
  if #found == 0 and not is_doubtful and ctx.now() - intent.at >= 60 then return false end
  return take(found, ours, others)
end

-- Messages appear late: a message that is missing now may still appear, so the answer is never "absent".
local function find_message(ctx, intent, ours, others)
  if ours.bare == "" then return nil end -- a picture only, for example: every text begins with ""
  local found = {}
  for _, message in ipairs(messages_since(ctx, intent.request.path, intent.at - DRIFT)) do
    if message.is_inbound == false and not intent.claimed[message.id]
      and not intent.claimed[message.message_uid or ""] and is_ours(message, ours, others, begins) then
      found[#found + 1] = message
    end
  end
  local message = take(found, ours, others)
  if not message then return nil end
  return { status = "accepted", message_uid = message.message_uid }, { message.id }
end

return {
  summary = "Reply to a conversation, or comment on it.",
  effect  = "write",
  scopes  = { "messages:send", "comments:write" },
  group   = "messages",

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
    author_id   = { "teammate", example = "leela", about = "The teammate who writes; the app itself when not given." },
    attachments = { list = "file", example = { "@price-list.pdf" }, about = "Files, 25 MB together at most." },

    channel_id = {
      "channel", example = "support",
      about = "Messages: the channel to send from; needed when several are involved. Ignored for comments.",
    },
    sender_name = {
      "string", example = "Leela at Acme", about = "Messages: the sender's name as shown. Ignored for comments.",
    },
    signature_id = {
      "signature", nullable = true, example = "support",
      about = "Messages: the signature to add, on e-mail channels; null for none. Ignored for comments.",
    },
    should_add_default_signature = {
      "boolean", example = true,
      about = "Messages: add the signature that Front finds for author_id, on e-mail channels; without effect "
        .. "without author_id or with signature_id. Ignored for comments.",
    },
    archive = {
      "boolean", default = false, example = true,
      about = "Messages: archive the conversation as well (Front's own default). Ignored for comments.",
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
    message_uid = { "string", about = "Messages: the id of the message to come; Front creates it a little later." },
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

  confirms = { "POST /conversations/*/messages", "POST /conversations/*/comments" },

  -- Front has no idempotency key. So confirm looks for what was sent by time, author and text, below the path of
  -- the request; an override may have changed what `input` says.
  confirm = function(ctx, _, intent)
    local ours, others = asked_of(intent.request), {}
    for i, other in ipairs(intent.others) do others[i] = asked_of(other.request) end
    if intent.request.path:match("/comments$") then return find_comment(ctx, intent, ours, others) end
    return find_message(ctx, intent, ours, others)
  end,
}
