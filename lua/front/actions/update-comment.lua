return {
  summary = "Change a comment's text, or pin it.",
  effect  = "idempotent",
  scopes  = { "comments:write" },
  group   = "comments",
  request = { "PATCH", "/comments/{comment_id}/" },

  input = {
    comment_id = { "comment", required = true, example = "com_1ywg3f2", about = "The comment." },
    body = {
      "markdown", example = "It is *done*.",
      about = "The new text, as Markdown. Only the app that wrote the comment may change it.",
    },
    is_pinned = { "boolean", example = true, about = "Pin it in its conversation, or release it." },
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
