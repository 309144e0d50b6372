return {
  summary = "Delete a folder with the folders and message templates in it.",
  effect  = "idempotent",
  scopes  = { "message_templates:delete" },
  group   = "message templates",
  rare    = true,
  request = { "DELETE", "/message_template_folders/{folder_id}" },

  input = {
    folder_id = {
      "template_folder", required = true, example = "rsf_1q15q",
      about = "The folder of message templates.",
    },
  },

  output = {
    status = { "string", about = "accepted" },
  },
}
