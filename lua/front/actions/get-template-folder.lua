return {
  summary = "Get one folder of message templates.",
  effect  = "read",
  scopes  = { "message_templates:read" },
  group   = "message templates",
  rare    = true,
  request = { "GET", "/message_template_folders/{folder_id}" },

  input = {
    folder_id = {
      "template_folder", required = true, example = "rsf_1q15q",
      about = "The folder of message templates.",
    },
  },

  output = {
    id         = { "string", about = "rsf_…" },
    name       = { "string" },
    created_at = { "time", about = "Unix seconds." },
    updated_at = { "time", about = "Unix seconds." },
  },
}
