return {
  summary = "Get one tag.",
  effect  = "read",
  scopes  = { "tags:read" },
  group   = "tags",
  request = { "GET", "/tags/{tag_id}" },

  input = {
    tag_id = { "tag", required = true, example = "vip", about = "The tag." },
  },

  output = {
    id                               = { "string", about = "tag_…" },
    name                             = { "string" },
    description                      = { "string" },
    highlight                        = { "string", about = "Its colour." },
    is_private                       = { "boolean", about = "Belongs to one teammate." },
    is_visible_in_conversation_lists = { "boolean" },
    created_at                       = { "time", about = "Unix seconds." },
    updated_at                       = { "time", about = "Unix seconds." },
  },
}
