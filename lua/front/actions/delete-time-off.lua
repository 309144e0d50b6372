return {
  summary = "Delete a time off.",
  effect  = "idempotent",
  scopes  = { "time_off:delete" },
  group   = "time off",
  request = { "DELETE", "/time_offs/{time_off_id}" },

  input = {
    time_off_id = { "time_off", required = true, example = "vcr_1q15q", about = "The time off." },
  },
}
