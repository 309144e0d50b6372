return {
  summary = "Create a category in a knowledge base in its first language.",
  effect  = "write",
  scopes  = { "knowledge_bases:write" },
  group   = "knowledge bases",
  rare    = true,
  request = { "POST", "/knowledge_bases/{knowledge_base_id}/categories" },

  input = {
    knowledge_base_id  = { "knowledge_base", required = true, example = "knb_1q15q", about = "The knowledge base." },
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
