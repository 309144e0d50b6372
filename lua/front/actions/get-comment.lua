return {
  summary = "Get one comment.",
  effect  = "read",
  scopes  = { "comments:read" },
  group   = "comments",
  request = { "GET", "/comments/{comment_id}" },

  input = {
    comment_id = { "comment", required = true, example = "com_1ywg3f2", about = "The comment." },
  },

  output = {
    id          = { "string", about = "com_…" },
    body        = { "string", about = "Markdown." },
    author      = { "object", about = "The teammate, or null." },
    posted_at   = { "time", about = "Unix seconds." },
    is_pinned   = { "boolean" },
    attachments = { list = "object", about = "{id, filename, url, content_type, size} each" },
  },
}
