return {
  summary = "Delete an article of a knowledge base in all languages.",
  effect  = "idempotent",
  scopes  = { "knowledge_bases:delete" },
  group   = "knowledge bases",
  rare    = true,
  request = { "DELETE", "/knowledge_base_articles/{article_id}" },

  input = {
    article_id = { "article", required = true, example = "kba_1q15q", about = "The article of a knowledge base." },
  },
}
