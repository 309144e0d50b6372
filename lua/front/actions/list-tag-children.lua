return {
  summary = "List the tags below a tag.",
  effect  = "read",
  scopes  = { "tags:read" },
  group   = "tags",
  rare    = true,
  request = { "GET", "/tags/{tag_id}/children" },

  input = {
    tag_id = { "tag", required = true, example = "vip", about = "The tag." },
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
  },
}
