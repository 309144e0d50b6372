return {
  summary = "List links, one page at a time.",
  effect  = "read",
  scopes  = { "links:read" },
  group   = "links",
  request = { "GET", "/links" },

  input = {
    types = {
      list = "string", as = "q[types][]", example = { "web" },
      about = "Only links of these types: web, app_ and an app's uid, jira, asana, monday, trello or github.",
    },
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
        id            = { "string", about = "top_…" },
        name          = { "string" },
        type          = { "string", about = "web, app_…, jira, github and others" },
        external_url  = { "string" },
        custom_fields = { "object" },
      } },
      columns = { "id", "type", "name", "external_url" },
      about = "Links as Front describes them.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
