return {
  summary = "List the contact lists of a workspace.",
  effect  = "read",
  scopes  = { "contacts:read" },
  group   = "contact lists",
  rare    = true,
  request = { "GET", "/teams/{team_id}/contact_lists" },

  input = {
    team_id = { "team", required = true, example = "tim_16", about = "The workspace; Front's API calls it a team." },
  },

  output = {
    results = {
      list = { object = {
        id         = { "string", about = "grp_…" },
        name       = { "string" },
        is_private = { "boolean" },
      } },
      columns = { "id", "name", "is_private" },
      about = "Contact lists as Front describes them.",
    },
  },
}
