return {
  summary = "Change a category's name or description in one language. Front publishes the knowledge base again if it "
    .. "is published.",
  effect  = "idempotent",
  scopes  = { "knowledge_bases:write" },
  group   = "knowledge bases",
  rare    = true,
  request = { "PATCH", "/knowledge_base_categories/{category_id}/locales/{locale}/content" },

  input = {
    category_id = { "category", required = true, example = "kbc_1q15q", about = "The category of a knowledge base." },
    locale = {
      "string", required = true, min = 1, example = "fr",
      about = "The language, as the knowledge base names it.",
    },
    name        = { "string", example = "Returns", about = "The category's name." },
    description = { "string", example = "All about returns", about = "What it is about." },
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
