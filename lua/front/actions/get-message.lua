return {
  summary = "Get one message.",
  effect  = "read",
  scopes  = { "messages:read" },
  group   = "messages",
  request = { "GET", "/messages/{message_id}" },

  input = {
    message_id = {
      "message", required = true, example = "msg_1q15qmtq",
      about = "The message: its id, or alt:uid: and the message_uid that sending it returned.",
    },
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
}
