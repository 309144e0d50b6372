return {
  summary = "List the custom fields that conversations can have.",
  effect  = "read",
  scopes  = { "custom_fields:read" },
  group   = "custom fields",
  request = { "GET", "/conversations/custom_fields" },

  output = {
    results = {
      list = { object = {
        id          = { "string", about = "fld_…" },
        name        = { "string" },
        description = { "string" },
        type        = { "string", about = "string, boolean, datetime, number, teammate, inbox or enum" },
        values      = { list = "object", about = "The values that an enum allows." },
      } },
      columns = { "id", "name", "type", "description" },
      about = "Custom fields as Front describes them.",
    },
  },
}
