return {
  summary = "Get a knowledge base's name and status in one language.",
  effect  = "read",
  scopes  = { "knowledge_bases:read" },
  group   = "knowledge bases",
  rare    = true,
  request = { "GET", "/knowledge_bases/{knowledge_base_id}/locales/{locale}/content" },

  input = {
    knowledge_base_id = { "knowledge_base", required = true, example = "knb_1q15q", about = "The knowledge base." },
    locale = {
      "string", required = true, min = 1, example = "fr",
      about = "The language, as the knowledge base names it.",
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
