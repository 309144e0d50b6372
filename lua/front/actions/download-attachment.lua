return {
  summary = "Download a file that a message or comment has.",
  effect  = "read",
  scopes  = { "attachments:read" },
  group   = "attachments",
  request = { "GET", "/download/{attachment_id}" },
  answer  = "file",

  input = {
    attachment_id = {
      "attachment", required = true, example = "fil_3q8a7mby",
      about = "The attachment, such as an item of a message's attachments.",
    },
  },
}
