return {
  summary = "Get one workspace, with its inboxes and teammates.",
  effect  = "read",
  scopes  = { "teams:read" },
  group   = "teams",
  request = { "GET", "/teams/{team_id}" },

  input = {
    team_id = { "team", required = true, example = "tim_16", about = "The workspace; Front's API calls it a team." },
  },

  output = {
    id      = { "string", about = "tim_…" },
    name    = { "string" },
    inboxes = { list = "object" },
    members = { list = "object", about = "The teammates." },
  },
}
