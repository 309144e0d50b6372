return {
  summary = "Add teammates to a workspace.",
  effect  = "idempotent",
  scopes  = { "teams:write" },
  group   = "teams",
  rare    = true,
  request = { "POST", "/teams/{team_id}/teammates" },

  input = {
    team_id = { "team", required = true, example = "tim_16", about = "The workspace; Front's API calls it a team." },
    teammate_ids = {
      list = "teammate", required = true, min = 1, example = { "leela", "fry" },
      about = "The teammates to add.",
    },
  },
}
