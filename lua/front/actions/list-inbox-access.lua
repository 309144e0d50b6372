return {
  summary = "List the teammates who have access to an inbox.",
  effect  = "read",
  scopes  = { "teammates:read" },
  group   = "inboxes",
  request = { "GET", "/inboxes/{inbox_id}/teammates" },

  input = {
    inbox_id = { "inbox", required = true, example = "support", about = "The inbox." },
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
