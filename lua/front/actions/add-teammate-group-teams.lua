return {
  summary = "Add workspaces to a teammate group, with their public inboxes.",
  effect  = "idempotent",
  scopes  = { "teammate_groups:write" },
  group   = "teammate groups",
  rare    = true,
  request = { "POST", "/teammate_groups/{group_id}/teams" },

  input = {
    group_id = { "teammate_group", required = true, example = "cir_1q15q", about = "The teammate group." },
    team_ids = { list = "team", required = true, min = 1, example = { "tim_16" }, about = "The workspaces to add." },
  },
}
