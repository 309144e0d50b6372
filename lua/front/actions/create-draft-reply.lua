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
  summary = "Draft a reply to the last message of a conversation.",
  effect  = "write",
  scopes  = { "drafts:write" },
  group   = "drafts",
  request = { "POST", "/conversations/{conversation_id}/drafts" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
    channel_id = {
      "channel", required = true, example = "support",
      about = "The channel that the draft is sent from.",
    },
    body = {
      "html", required = true, min = 1, example = "<p>Thank you, we are on it.</p>",
      about = "The text, as HTML.",
    },
    author_id = {
      "teammate", example = "leela",
      about = "The teammate for whom the draft is made; the app itself when not given.",
    },
    mode = {
      enum = { "private", "shared" }, example = "shared",
      about = "Only its author sees a private draft; every teammate with access to the conversation sees a shared one. "
        .. "Front's default is private.",
    },
    subject    = { "string", example = "Your order", about = "The subject." },
    to         = { list = "string", example = { "ada@customer.example" }, about = "Recipients." },
    cc         = { list = "string", example = { "bob@customer.example" }, about = "Recipients of a copy." },
    bcc        = { list = "string", example = { "crm@acme.example" }, about = "Recipients of a blind copy." },
    quote_body = { "html", example = "<p>Where is my order?</p>", about = "HTML to quote below, on e-mail channels." },
    signature_id = {
      "signature", nullable = true, example = "support",
      about = "The signature to add, on e-mail channels; null for none.",
    },
    should_add_default_signature = {
      "boolean", example = true,
      about = "Add the signature that Front finds for the author; without effect with signature_id.",
    },
    attachments = { list = "file", example = { "@price-list.pdf" }, about = "Files, 25 MB together at most." },
  },

  output = {
    id          = { "string", about = "msg_…" },
    message_uid = { "string", about = "What sending it returned." },
    type        = { "string", about = "email, sms, custom and others" },
    is_inbound  = { "boolean", about = "Front received it." },
    draft_mode  = { "string", about = "private or shared for a draft, else null" },
    version     = { "string", about = "Of a draft: edit-draft and delete-draft want it." },
    subject     = { "string" },
    blurb       = { "string", about = "The beginning of its text." },
    body        = { "string", about = "HTML." },
    text        = { "string", about = "Plain text." },
    author      = { "object", about = "The teammate, or null for what a customer wrote." },
    recipients  = { list = "object", about = "{handle, name, role} each; the role is from, to, cc, bcc or reply-to" },
    attachments = { list = "object", about = "{id, filename, url, content_type, size} each" },
    created_at  = { "time", about = "Unix seconds." },
  },

  -- Looks for a draft with this author and text. The app may not see a private one, so the answer is never "absent".
  confirm = function(ctx, _, intent)
    local body  = intent.request.body
    local found = {}
    for _, draft in ipairs(ctx.http.page(intent.request.path).results) do
      if (draft.created_at or 0) >= intent.at - 5 and not intent.claimed[draft.id]
        and same_author(body.author_id, draft.author) and bare(draft.body) == bare(body.body) then
        found[#found + 1] = draft
      end
    end
    if #found <= 1 + #intent.others then return found[1] end
  end,
}
