return {
  summary = "List the folders of message templates of a teammate.",
  effect  = "read",
  scopes  = { "message_templates:read" },
  group   = "message templates",
  rare    = true,
  request = { "GET", "/teammates/{teammate_id}/message_template_folders" },

  input = {
    teammate_id = { "teammate", required = true, example = "leela", about = "The teammate." },
    sort_by     = { enum = { "created_at", "updated_at" }, example = "created_at", about = "What to sort by." },
    sort_order = {
      enum = { "asc", "desc" }, example = "desc",
      about = "Smallest or oldest first (asc), or the other way round (desc).",
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
