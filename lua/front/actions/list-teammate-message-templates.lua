return {
  summary = "List the message templates of a teammate.",
  effect  = "read",
  scopes  = { "message_templates:read" },
  group   = "message templates",
  rare    = true,
  request = { "GET", "/teammates/{teammate_id}/message_templates" },

  input = {
    teammate_id = { "teammate", required = true, example = "leela", about = "The teammate." },
    sort_by = {
      enum = { "created_at", "updated_at", "sort_order" }, example = "created_at",
      about = "What to sort by.",
    },
    sort_order = {
      enum = { "asc", "desc" }, example = "desc",
      about = "Smallest or oldest first (asc), or the other way round (desc).",
    },
  },

  output = {
    results = {
      list = { object = {
        id                           = { "string", about = "rsp_…" },
        name                         = { "string" },
        subject                      = { "string" },
        body                         = { "string", about = "HTML." },
        attachments                  = { list = "object" },
        is_available_for_all_inboxes = { "boolean" },
        inbox_ids                    = { list = "string", about = "The inboxes that have it, or null for all." },
      } },
      columns = { "id", "name", "subject" },
      about = "Message templates as Front describes them.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
