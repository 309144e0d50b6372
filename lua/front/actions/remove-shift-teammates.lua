return {
  summary = "Remove teammates from a shift.",
  effect  = "idempotent",
  scopes  = { "shifts:write" },
  group   = "shifts",
  rare    = true,
  request = { "DELETE", "/shifts/{shift_id}/teammates" },

  input = {
    shift_id = { "shift", required = true, example = "shf_1q15q", about = "The shift." },
    teammate_ids = {
      list = "teammate", required = true, min = 1, example = { "leela", "fry" },
      about = "The teammates to remove.",
    },
  },
}
