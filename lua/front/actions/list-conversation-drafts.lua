return {
  summary = "List the drafts in a conversation.",
  effect  = "read",
  scopes  = { "drafts:read" },
  group   = "drafts",
  request = { "GET", "/conversations/{conversation_id}/drafts" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
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
      columns = { "id", "version", "author.username", "subject", "blurb" },
      about = "Drafts as Front describes them.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
