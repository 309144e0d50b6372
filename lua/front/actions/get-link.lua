return {
  summary = "Get one link.",
  effect  = "read",
  scopes  = { "links:read" },
  group   = "links",
  request = { "GET", "/links/{link_id}" },

  input = {
    link_id = { "link", required = true, example = "top_3ij8h", about = "The link." },
  },

  output = {
    id            = { "string", about = "top_…" },
    name          = { "string" },
    type          = { "string", about = "web, app_…, jira, github and others" },
    external_url  = { "string" },
    custom_fields = { "object" },
  },
}
