return {
  summary = "List the folders in a folder of message templates.",
  effect  = "read",
  scopes  = { "message_templates:read" },
  group   = "message templates",
  rare    = true,
  request = { "GET", "/message_template_folders/{folder_id}/message_template_folders" },

  input = {
    folder_id = {
      "template_folder", required = true, example = "rsf_1q15q",
      about = "The folder of message templates.",
    },
  },

  output = {
    results = {
      list = { object = {
        id         = { "string", about = "rsf_…" },
        name       = { "string" },
        created_at = { "time", about = "Unix seconds." },
        updated_at = { "time", about = "Unix seconds." },
      } },
      columns = { "id", "name" },
      about = "Folders as Front describes them.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
