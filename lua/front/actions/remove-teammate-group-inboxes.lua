return {
  summary = "Take inboxes away from a teammate group.",
  effect  = "idempotent",
  scopes  = { "teammate_groups:write" },
  group   = "teammate groups",
  rare    = true,
  request = { "DELETE", "/teammate_groups/{group_id}/inboxes" },

  input = {
    group_id  = { "teammate_group", required = true, example = "cir_1q15q", about = "The teammate group." },
    inbox_ids = { list = "inbox", required = true, min = 1, example = { "support" }, about = "The inboxes to remove." },
  },
}
