return {
  summary = "List the views that the connection may see, one page at a time.",
  effect  = "read",
  scopes  = { "views:read" },
  group   = "views",
  rare    = true,
  request = { "GET", "/views" },

  input = {
    limit = {
      "integer", min = 1, max = 100, example = 50,
      about = "Results per page; Front decides when not given. A page may have fewer although more follow.",
    },
  },

  output = {
    results = {
      list = { object = {
        id               = { "string", about = "lns_…" },
        name             = { "string" },
        highlight        = { "string", about = "Its colour." },
        inbox_ids        = { list = "string" },
        tag_ids          = { list = "string" },
        not_tag_ids      = { list = "string" },
        no_tags          = { "boolean" },
        assignee_ids     = { list = "string" },
        not_assignee_ids = { list = "string" },
      } },
      columns = { "id", "name", "inbox_ids", "tag_ids" },
      about = "Views as Front describes them.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
