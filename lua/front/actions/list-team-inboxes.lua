return {
  summary = "List the inboxes of a workspace.",
  effect  = "read",
  scopes  = { "inboxes:read" },
  group   = "inboxes",
  rare    = true,
  request = { "GET", "/teams/{team_id}/inboxes" },

  input = {
    team_id = { "team", required = true, example = "tim_16", about = "The workspace; Front's API calls it a team." },
  },

  output = {
    results = {
      list = { object = {
        id            = { "string", about = "inb_…" },
        name          = { "string" },
        is_private    = { "boolean", about = "Belongs to one teammate." },
        is_public     = { "boolean", about = "Every teammate may see it." },
        custom_fields = { "object" },
      } },
      columns = { "id", "name", "is_private" },
      about = "Inboxes as Front describes them.",
    },
  },
}
