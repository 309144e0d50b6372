return {
  summary = "Show a view in the side bar of teammates.",
  effect  = "idempotent",
  scopes  = { "views:write" },
  group   = "views",
  rare    = true,
  request = { "POST", "/views/{view_id}/teammates" },

  input = {
    view_id = { "view", required = true, example = "lns_1q15q", about = "The view." },
    teammate_ids = {
      list = "teammate", required = true, min = 1, example = { "leela", "fry" },
      about = "The teammates to show it to.",
    },
  },
}
