return {
  summary = "Get one category of a knowledge base, without its content.",
  effect  = "read",
  scopes  = { "knowledge_bases:read" },
  group   = "knowledge bases",
  rare    = true,
  request = { "GET", "/knowledge_base_categories/{category_id}" },

  input = {
    category_id = { "category", required = true, example = "kbc_1q15q", about = "The category of a knowledge base." },
  },

  output = {
    id         = { "string", about = "kbc_…" },
    slug       = { "string", about = "Its part of the address." },
    is_hidden  = { "boolean" },
    locales    = { list = "string" },
    created_at = { "time", about = "Unix seconds." },
    updated_at = { "time", about = "Unix seconds." },
  },
}
