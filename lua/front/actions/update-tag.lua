return {
  summary = "Change a tag's name, description, colour or parent.",
  effect  = "idempotent",
  scopes  = { "tags:write" },
  group   = "tags",
  request = { "PATCH", "/tags/{tag_id}" },

  input = {
    tag_id      = { "tag", required = true, example = "vip", about = "The tag." },
    name        = { "string", min = 1, max = 64, example = "VIP", about = "The tag's name." },
    description = { "string", example = "Customers with a contract", about = "What the tag is for." },
    highlight = {
      enum = { "grey", "pink", "red", "orange", "yellow", "green", "light-blue", "blue", "purple" }, example = "red",
      about = "Its colour.",
    },
    is_visible_in_conversation_lists = { "boolean", example = true, about = "Show it in lists of conversations." },
    parent_tag_id = { "tag", nullable = true, example = "customers", about = "The tag above it; null for none." },
  },
}
