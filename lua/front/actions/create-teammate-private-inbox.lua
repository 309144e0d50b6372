return {
  summary = "Create a private inbox for a teammate.",
  effect  = "write",
  scopes  = { "inboxes:write" },
  group   = "inboxes",
  rare    = true,
  request = { "POST", "/teammates/{teammate_id}/private_inboxes" },

  input = {
    teammate_id = { "teammate", required = true, example = "leela", about = "The teammate." },
    name        = { "string", required = true, min = 1, example = "Returns", about = "The inbox's name." },
    custom_fields = {
      "object", example = { Region = "North" },
      about = "Values of the inbox's custom fields, by the field's name in Front, with the same upper and lower case.",
    },
  },

  output = {
    id            = { "string", about = "inb_…" },
    name          = { "string" },
    is_private    = { "boolean", about = "Belongs to one teammate." },
    is_public     = { "boolean", about = "Every teammate may see it." },
    custom_fields = { "object" },
  },
}
