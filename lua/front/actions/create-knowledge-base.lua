return {
  summary = "Create a knowledge base.",
  effect  = "write",
  scopes  = { "knowledge_bases:write" },
  group   = "knowledge bases",
  rare    = true,
  request = { "POST", "/knowledge_bases" },

  input = {
    name = { "string", required = true, min = 1, example = "Help", about = "Its name." },
    type = {
      enum = { "internal", "external" }, example = "internal",
      about = "Whether only the company reads it, or everyone. Front's default is external.",
    },
  },

  output = {
    id         = { "string", about = "knb_…" },
    name       = { "string" },
    status     = { "string", about = "published or unpublished" },
    type       = { "string", about = "internal or external" },
    locale     = { "string" },
    created_at = { "time", about = "Unix seconds." },
    updated_at = { "time", about = "Unix seconds." },
  },
}
