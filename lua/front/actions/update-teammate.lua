return {
  summary = "Change a teammate's name, availability or custom fields.",
  effect  = "idempotent",
  scopes  = { "teammates:write", "teammates:read" },
  group   = "teammates",
  request = { "PATCH", "/teammates/{teammate_id}" },
  merge   = { field = "custom_fields", from = "GET /teammates/{teammate_id}" },

  input = {
    teammate_id = { "teammate", required = true, example = "leela", about = "The teammate." },
    username = {
      "string", example = "leela",
      about = "The user name, of small letters, digits and _; no other teammate may have it.",
    },
    first_name   = { "string", example = "Leela", about = "The first name." },
    last_name    = { "string", example = "Turanga", about = "The last name." },
    is_available = { "boolean", example = false, about = "Whether the teammate is there, or away." },
    custom_fields = {
      "object", example = { Region = "North" },
      about = "Values by the field's name in Front, with the same upper and lower case; null removes one. The "
        .. "teammate's other custom fields stay as they are.",
    },
  },
}
