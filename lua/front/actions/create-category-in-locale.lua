return {
  summary = "Create a category in a knowledge base in one language.",
  effect  = "write",
  scopes  = { "knowledge_bases:write" },
  group   = "knowledge bases",
  rare    = true,
  request = { "POST", "/knowledge_bases/{knowledge_base_id}/locales/{locale}/categories" },

  input = {
    knowledge_base_id = { "knowledge_base", required = true, example = "knb_1q15q", about = "The knowledge base." },
    locale = {
      "string", required = true, min = 1, example = "fr",
      about = "The language, as the knowledge base names it.",
    },
    name               = { "string", required = true, min = 1, example = "Returns", about = "The category's name." },
    parent_category_id = { "category", example = "kbc_1q15q", about = "The category above it." },
    description        = { "string", example = "All about returns", about = "What it is about." },
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
