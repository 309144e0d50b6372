return {
  summary = "Get a category's name and description in one language.",
  effect  = "read",
  scopes  = { "knowledge_bases:read" },
  group   = "knowledge bases",
  rare    = true,
  request = { "GET", "/knowledge_base_categories/{category_id}/locales/{locale}/content" },

  input = {
    category_id = { "category", required = true, example = "kbc_1q15q", about = "The category of a knowledge base." },
    locale = {
      "string", required = true, min = 1, example = "fr",
      about = "The language, as the knowledge base names it.",
    },
  },

  output = {
    id          = { "string", about = "kbc_…" },
    name        = { "string" },
    description = { "string" },
    is_hidden   = { "boolean" },
    locale      = { "string" },
    created_at  = { "time", about = "Unix seconds." },
    updated_at  = { "time", about = "Unix seconds." },
  },
}
