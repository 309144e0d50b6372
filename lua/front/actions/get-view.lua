return {
  summary = "Get one view.",
  effect  = "read",
  scopes  = { "views:read" },
  group   = "views",
  rare    = true,
  request = { "GET", "/views/{view_id}" },

  input = {
    view_id = { "view", required = true, example = "lns_1q15q", about = "The view." },
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
