return {
  summary = "List the workspaces of a teammate group.",
  effect  = "read",
  scopes  = { "teams:read" },
  group   = "teammate groups",
  rare    = true,
  request = { "GET", "/teammate_groups/{group_id}/teams" },

  input = {
    group_id = { "teammate_group", required = true, example = "cir_1q15q", about = "The teammate group." },
  },

  output = {
    results = {
      list = { object = {
        id   = { "string", about = "tim_…" },
        name = { "string" },
      } },
      columns = { "id", "name" },
      about = "Workspaces, with id and name only.",
    },
  },
}
