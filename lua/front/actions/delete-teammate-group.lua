return {
  summary = "Delete a teammate group; its teammates stay.",
  effect  = "idempotent",
  scopes  = { "teammate_groups:delete" },
  group   = "teammate groups",
  rare    = true,
  request = { "DELETE", "/teammate_groups/{group_id}" },

  input = {
    group_id = { "teammate_group", required = true, example = "cir_1q15q", about = "The teammate group." },
  },
}
