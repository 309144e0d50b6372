return {
  summary = "Create a view in a workspace.",
  effect  = "write",
  scopes  = { "views:write" },
  group   = "views",
  rare    = true,
  request = { "POST", "/teams/{team_id}/views" },

  input = {
    team_id = { "team", required = true, example = "tim_16", about = "The workspace; Front's API calls it a team." },
    name    = { "string", required = true, example = "Angry customers", about = "The view's name." },
    inbox_ids = {
      list = "inbox", required = true, example = { "support" },
      about = "Show conversations of these inboxes.",
    },
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

  output = {
    id               = { "string", about = "lns_…" },
    name             = { "string" },
    highlight        = { "string", about = "Its colour." },
    inbox_ids        = { list = "string" },
    tag_ids          = { list = "string" },
    not_tag_ids      = { list = "string" },
    no_tags          = { "boolean" },
    assignee_ids     = { list = "string" },
    not_assignee_ids = { list = "string" },
  },
}
