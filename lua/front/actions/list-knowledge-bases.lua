return {
  summary = "List the knowledge bases.",
  effect  = "read",
  scopes  = { "knowledge_bases:read" },
  group   = "knowledge bases",
  rare    = true,
  request = { "GET", "/knowledge_bases" },

  output = {
    results = {
      list = { object = {
        id         = { "string", about = "knb_…" },
        type       = { "string", about = "internal or external" },
        locales    = { list = "string" },
        created_at = { "time", about = "Unix seconds." },
        updated_at = { "time", about = "Unix seconds." },
      } },
      columns = { "id", "type", "locales" },
      about = "Knowledge bases, without their content.",
    },
  },
}
