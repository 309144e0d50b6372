return {
  summary = "List all tags that the connection may see, one page at a time.",
  effect  = "read",
  scopes  = { "tags:read" },
  group   = "tags",
  request = { "GET", "/tags" },

  input = {
    limit = {
      "integer", min = 1, max = 100, example = 50,
      about = "Results per page; Front decides when not given. A page may have fewer although more follow.",
    },
    sort_by = { enum = { "id" }, example = "id", about = "What to sort by." },
    sort_order = {
      enum = { "asc", "desc" }, example = "desc",
      about = "Smallest or oldest first (asc), or the other way round (desc).",
    },
  },

  output = {
    results = {
      list = { object = {
        id                               = { "string", about = "tag_…" },
        name                             = { "string" },
        description                      = { "string" },
        highlight                        = { "string", about = "Its colour." },
        is_private                       = { "boolean", about = "Belongs to one teammate." },
        is_visible_in_conversation_lists = { "boolean" },
        created_at                       = { "time", about = "Unix seconds." },
        updated_at                       = { "time", about = "Unix seconds." },
      } },
      columns = { "id", "name", "highlight", "is_private" },
      about = "Tags as Front describes them.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
