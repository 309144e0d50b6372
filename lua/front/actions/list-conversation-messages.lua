return {
  summary = "List a conversation's messages, newest first, one page at a time.",
  effect  = "read",
  scopes  = { "messages:read" },
  group   = "conversations",
  request = { "GET", "/conversations/{conversation_id}/messages" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
    limit = {
      "integer", min = 1, max = 100, example = 50,
      about = "Results per page; Front decides when not given. A page may have fewer although more follow.",
    },
    sort_by    = { enum = { "created_at" }, example = "created_at", about = "What to sort by." },
    sort_order = { enum = { "asc", "desc" }, example = "asc", about = "Newest first (desc) unless asc is given." },
  },

  output = {
    results = {
      list = { object = {
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
        recipients = {
          list = "object",
          about = "{handle, name, role} each; the role is from, to, cc, bcc or reply-to",
        },
        attachments = { list = "object", about = "{id, filename, url, content_type, size} each" },
        created_at  = { "time", about = "Unix seconds." },
      } },
      columns = { "id", "is_inbound", "author.username", "created_at", "blurb" },
      about = "Messages as Front describes them.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
