return {
  summary = "Delete a category of a knowledge base with the articles in it.",
  effect  = "idempotent",
  scopes  = { "knowledge_bases:delete" },
  group   = "knowledge bases",
  rare    = true,
  request = { "DELETE", "/knowledge_base_categories/{category_id}" },

  input = {
    category_id = { "category", required = true, example = "kbc_1q15q", about = "The category of a knowledge base." },
  },
}
