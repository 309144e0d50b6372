return {
  summary = "Get one article of a knowledge base, without its content.",
  effect  = "read",
  scopes  = { "knowledge_bases:read" },
  group   = "knowledge bases",
  rare    = true,
  request = { "GET", "/knowledge_base_articles/{article_id}" },

  input = {
    article_id = { "article", required = true, example = "kba_1q15q", about = "The article of a knowledge base." },
  },

  output = {
    id         = { "string", about = "kba_…" },
    slug       = { "string", about = "Its part of the address." },
    locales    = { list = "string" },
    created_at = { "time", about = "Unix seconds." },
    updated_at = { "time", about = "Unix seconds." },
  },
}
