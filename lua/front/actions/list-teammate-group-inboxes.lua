return {
  summary = "List the inboxes that a teammate group gives access to.",
  effect  = "read",
  scopes  = { "inboxes:read" },
  group   = "teammate groups",
  rare    = true,
  request = { "GET", "/teammate_groups/{group_id}/inboxes" },

  input = {
    group_id = { "teammate_group", required = true, example = "cir_1q15q", about = "The teammate group." },
  },

  output = {
    results = {
      list = { object = {
        id            = { "string", about = "inb_…" },
        name          = { "string" },
        is_private    = { "boolean", about = "Belongs to one teammate." },
        is_public     = { "boolean", about = "Every teammate may see it." },
        custom_fields = { "object" },
      } },
      columns = { "id", "name", "is_private" },
      about = "Inboxes as Front describes them.",
    },
  },
}
