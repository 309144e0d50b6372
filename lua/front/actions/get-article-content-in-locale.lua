return {
  summary = "Get an article with its text in one language.",
  effect  = "read",
  scopes  = { "knowledge_bases:read" },
  group   = "knowledge bases",
  rare    = true,
  request = { "GET", "/knowledge_base_articles/{article_id}/locales/{locale}/content" },

  input = {
    article_id = { "article", required = true, example = "kba_1q15q", about = "The article of a knowledge base." },
    locale = {
      "string", required = true, min = 1, example = "fr",
      about = "The language, as the knowledge base names it.",
    },
  },

  output = {
    id             = { "string", about = "kba_…" },
    slug           = { "string", about = "Its part of the address." },
    name           = { "string", about = "The subject." },
    status         = { "string", about = "draft or published" },
    keywords       = { list = "string" },
    content        = { "string", about = "HTML." },
    locale         = { "string" },
    attachments    = { list = "object" },
    last_edited_at = { "time", about = "Unix seconds." },
    created_at     = { "time", about = "Unix seconds." },
    updated_at     = { "time", about = "Unix seconds." },
  },
}
