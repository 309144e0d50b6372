return {
  summary = "Download a file that a comment has.",
  effect  = "read",
  scopes  = { "attachments:read" },
  group   = "attachments",
  rare    = true,
  request = { "GET", "/comments/{comment_id}/download/{attachment_id}" },
  answer  = "file",

  input = {
    comment_id = { "comment", required = true, example = "com_1ywg3f2", about = "The comment." },
    attachment_id = {
      "attachment", required = true, example = "fil_3q8a7mby",
      about = "The attachment, such as an item of a message's attachments.",
    },
  },
}
