return {
  summary = "Get one knowledge base, without its content.",
  effect  = "read",
  scopes  = { "knowledge_bases:read" },
  group   = "knowledge bases",
  rare    = true,
  request = { "GET", "/knowledge_bases/{knowledge_base_id}" },

  input = {
    knowledge_base_id = { "knowledge_base", required = true, example = "knb_1q15q", about = "The knowledge base." },
  },

  output = {
    id         = { "string", about = "knb_…" },
    type       = { "string", about = "internal or external" },
    locales    = { list = "string" },
    created_at = { "time", about = "Unix seconds." },
    updated_at = { "time", about = "Unix seconds." },
  },
}
