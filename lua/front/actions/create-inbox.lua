return {
  summary = "Create an inbox, in the oldest workspace that the connection may use.",
  effect  = "write",
  scopes  = { "inboxes:write" },
  group   = "inboxes",
  request = { "POST", "/inboxes" },

  input = {
    name         = { "string", required = true, min = 1, example = "Returns", about = "The inbox's name." },
    teammate_ids = { list = "teammate", example = { "leela" }, about = "The teammates who have access." },
    is_public    = { "boolean", example = false, about = "Let every teammate of the workspace see it." },
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
