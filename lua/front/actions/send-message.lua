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

return {
  summary = "Send a message that begins a new conversation.",
  effect  = "write",
  scopes  = { "messages:send" },
  group   = "messages",
  request = { "POST", "/channels/{channel_id}/messages" },

  input = {
    channel_id = { "channel", required = true, example = "support", about = "The channel to send from." },
    to = {
      list = "string", example = { "ada@customer.example" },
      about = "Recipients. Front wants one of to, cc and bcc.",
    },
    cc      = { list = "string", example = { "bob@customer.example" }, about = "Recipients of a copy." },
    bcc     = { list = "string", example = { "crm@acme.example" }, about = "Recipients of a blind copy." },
    subject = { "string", example = "Your order", about = "The subject, on e-mail channels." },
    body = {
      "html", required = true, min = 1, example = "<p>Your order is on its way.</p>",
      about = "The text, as HTML.",
    },
    text = { "string", example = "Your order is on its way.", about = "The same as plain text, on e-mail channels." },
    author_id = { "teammate", example = "leela", about = "The teammate who writes; the app itself when not given." },
    sender_name = { "string", example = "Leela at Acme", about = "The sender's name as shown." },
    signature_id = {
      "signature", nullable = true, example = "support",
      about = "The signature to add, on e-mail channels; null for none.",
    },
    should_add_default_signature = {
      "boolean", example = true,
      about = "Add the signature that Front finds for author_id, on e-mail channels; without effect with signature_id.",
    },
    attachments = { list = "file", example = { "@price-list.pdf" }, about = "Files, 25 MB together at most." },
    archive = {
      "boolean", default = false, as = "options.archive", example = true,
      about = "Archive the conversation as well (Front's own default).",
    },
    tag_ids = { list = "tag", as = "options.tag_ids", example = { "vip" }, about = "Tags to add to the conversation." },
  },

  output = {
    status      = { "string", about = "accepted" },
    message_uid = { "string", about = "The id of the message to come; Front creates it a little later." },
  },

  -- Looks for a message with this author and text to the first recipient. Messages appear late: one that is missing now
  -- may still appear, so the answer is never "absent".
  confirm = function(ctx, _, intent)
    local body, found = intent.request.body, {}
    local first = (body.to or body.cc or body.bcc or {})[1]
    local wanted = bare(body.body)
    if not first or not first:find("@", 1, true) or wanted == "" then return nil end
    local contact = "/contacts/" .. url.segment("alt:email:" .. first)
    for _, conversation in ipairs(ctx.http.page(contact .. "/conversations", { query = { limit = 10 } }).results) do
      local path = "/conversations/" .. url.segment(conversation.id) .. "/messages"
      for _, message in ipairs(ctx.http.page(path, { query = { limit = 25 } }).results) do
        if message.is_inbound == false and message.created_at >= intent.at - 5 and not intent.claimed[message.id]
          and same_author(body.author_id, message.author) and bare(message.body):sub(1, #wanted) == wanted then
          found[#found + 1] = message
        end
      end
    end
    if #found == 0 or #found > 1 + #intent.others then return nil end
    return { status = "accepted", message_uid = found[1].message_uid }, { found[1].id }
  end,
}
