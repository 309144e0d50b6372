return {
  summary = "Rename or move a folder of message templates.",
  effect  = "idempotent",
  scopes  = { "message_templates:write" },
  group   = "message templates",
  rare    = true,
  request = { "PATCH", "/message_template_folders/{folder_id}" },

  input = {
    folder_id = {
      "template_folder", required = true, example = "rsf_1q15q",
      about = "The folder of message templates.",
    },
    name = { "string", example = "Returns", about = "The folder's name." },
    parent_folder_id = {
      "template_folder", nullable = true, example = "rsf_2r26r",
      about = "The folder to move it to; null for none.",
    },
  },

  output = {
    id         = { "string", about = "rsf_…" },
    name       = { "string" },
    created_at = { "time", about = "Unix seconds." },
    updated_at = { "time", about = "Unix seconds." },
  },
}
