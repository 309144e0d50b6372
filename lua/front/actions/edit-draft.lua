-- The text of HTML without tags, entities and white space, for comparing.
local function bare(html)
  if type(html) ~= "string" then return "" end
  return (text.from_html(html):gsub("%s+", ""):gsub("\u{A0}", ""))
end

return {
  summary = "Replace a draft's text.",
  effect  = "write",
  scopes  = { "drafts:write" },
  group   = "drafts",
  request = { "PATCH", "/drafts/{draft_id}/" },

  input = {
    draft_id = { "message", required = true, example = "msg_1q15qmtq", about = "The draft." },
    channel_id = {
      "channel", required = true, example = "support",
      about = "The channel that the draft is sent from.",
    },
    version = {
      "string", example = "8a1d3f",
      about = "The draft's version, as it was read. Front answers 409 when the draft has changed since.",
    },
    body = {
      "html", required = true, min = 1, example = "<p>Thank you, we are on it.</p>",
      about = "The text, as HTML.",
    },
    author_id = {
      "teammate", example = "leela",
      about = "The teammate for whom the draft is edited; the app itself when not given.",
    },
    mode = {
      enum = { "shared" }, example = "shared",
      about = "Share a private draft; a shared one cannot become private again.",
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

  -- An edit gives the draft another version.
  confirm = function(ctx, _, intent)
    local body  = intent.request.body
    local draft = ctx.http.get("/messages/" .. url.segment(intent.request.path:match("^/drafts/([^/]+)")))
    if draft.version ~= body.version then
      if bare(draft.body) == bare(body.body) then return draft end
      return nil
    end
    if ctx.now() - intent.at >= 60 then return false end
  end,
}
