return {
  summary = "Get a knowledge base's name and status in its first language.",
  effect  = "read",
  scopes  = { "knowledge_bases:read" },
  group   = "knowledge bases",
  rare    = true,
  request = { "GET", "/knowledge_bases/{knowledge_base_id}/content" },

  input = {
    knowledge_base_id = { "knowledge_base", required = true, example = "knb_1q15q", about = "The knowledge base." },
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
