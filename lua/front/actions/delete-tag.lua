return {
  summary = "Delete a tag; it disappears from all conversations.",
  effect  = "idempotent",
  scopes  = { "tags:delete" },
  group   = "tags",
  request = { "DELETE", "/tags/{tag_id}" },

  input = {
    tag_id = { "tag", required = true, example = "vip", about = "The tag." },
  },
}
