return {
  summary = "Change a view.",
  effect  = "idempotent",
  scopes  = { "views:write" },
  group   = "views",
  rare    = true,
  request = { "PATCH", "/views/{view_id}" },

  input = {
    view_id     = { "view", required = true, example = "lns_1q15q", about = "The view." },
    name        = { "string", example = "Angry customers", about = "The view's name." },
    inbox_ids   = { list = "inbox", example = { "support" }, about = "Show conversations of these inboxes." },
    tag_ids     = { list = "tag", example = { "vip" }, about = "Show conversations with these tags." },
    not_tag_ids = { list = "tag", example = { "spam" }, about = "Leave out conversations with these tags." },
    no_tags     = { "boolean", example = true, about = "Show conversations without any tag." },
    assignee_ids = {
      list = "teammate", example = { "leela" },
      about = "Show conversations assigned to these teammates.",
    },
    not_assignee_ids = {
      list = "teammate", example = { "fry" },
      about = "Leave out conversations assigned to these teammates.",
    },
    highlight = { "string", example = "red", about = "Its colour." },
  },
}
