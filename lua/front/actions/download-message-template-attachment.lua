return {
  summary = "Download a file that a message template has.",
  effect  = "read",
  scopes  = { "attachments:read" },
  group   = "attachments",
  rare    = true,
  request = { "GET", "/message_templates/{template_id}/download/{attachment_id}" },
  answer  = "file",

  input = {
    template_id = { "message_template", required = true, example = "rsp_1q15q", about = "The message template." },
    attachment_id = {
      "attachment", required = true, example = "fil_3q8a7mby",
      about = "The attachment, such as an item of a message's attachments.",
    },
  },
}
