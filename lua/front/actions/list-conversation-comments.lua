return {
  summary = "List a conversation's comments, newest first.",
  effect  = "read",
  scopes  = { "comments:read" },
  group   = "comments",
  request = { "GET", "/conversations/{conversation_id}/comments" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
  },

  output = {
    results = {
      list = { object = {
        id          = { "string", about = "com_…" },
        body        = { "string", about = "Markdown." },
        author      = { "object", about = "The teammate, or null." },
        posted_at   = { "time", about = "Unix seconds." },
        is_pinned   = { "boolean" },
        attachments = { list = "object", about = "{id, filename, url, content_type, size} each" },
      } },
      columns = { "id", "author.username", "posted_at", "body" },
      about = "Comments as Front describes them.",
    },
  },
}
