return {
  summary = "Get one teammate.",
  effect  = "read",
  scopes  = { "teammates:read" },
  group   = "teammates",
  request = { "GET", "/teammates/{teammate_id}" },

  input = {
    teammate_id = { "teammate", required = true, example = "leela", about = "The teammate." },
  },

  output = {
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
  },
}
