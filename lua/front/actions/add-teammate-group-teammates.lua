return {
  summary = "Add teammates to a group.",
  effect  = "idempotent",
  scopes  = { "teammate_groups:write" },
  group   = "teammate groups",
  rare    = true,
  request = { "POST", "/teammate_groups/{group_id}/teammates" },

  input = {
    group_id = { "teammate_group", required = true, example = "cir_1q15q", about = "The teammate group." },
    teammate_ids = {
      list = "teammate", required = true, min = 1, example = { "leela", "fry" },
      about = "The teammates to add.",
    },
  },
}
