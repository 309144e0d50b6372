return {
  summary = "List the teammates of a group.",
  effect  = "read",
  scopes  = { "teammates:read" },
  group   = "teammate groups",
  rare    = true,
  request = { "GET", "/teammate_groups/{group_id}/teammates" },

  input = {
    group_id = { "teammate_group", required = true, example = "cir_1q15q", about = "The teammate group." },
  },

  output = {
    results = {
      list = { object = {
        id = { "string", about = "tea_…" },
        email = { "string" },
        username = { "string" },
        first_name = { "string" },
        last_name = { "string" },
        is_admin = { "boolean" },
        is_available = { "boolean", about = "Not away." },
        is_blocked = { "boolean", about = "Has no access to the company any more." },
        type = { "string", about = "user for a person; rule, api, integration and others for what acts by itself" },
        custom_fields = { "object" },
      } },
      columns = { "id", "username", "email", "first_name", "last_name", "is_available" },
      about = "Teammates as Front describes them.",
    },
  },
}
