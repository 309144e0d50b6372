return {
  summary = "Change an article's text, heading or status in its first language.",
  effect  = "idempotent",
  scopes  = { "knowledge_bases:write" },
  group   = "knowledge bases",
  rare    = true,
  request = { "PATCH", "/knowledge_base_articles/{article_id}/content" },

  input = {
    article_id = { "article", required = true, example = "kba_1q15q", about = "The article of a knowledge base." },
    author_id  = { "teammate", required = true, example = "leela", about = "The teammate who is its author." },
    content = {
      "html", required = true, min = 1, example = "<p>Use the label in the box.</p>",
      about = "Its text, as HTML.",
    },
    subject = { "string", example = "How to return a parcel", about = "Its heading." },
    status = {
      enum = { "draft", "published" }, example = "published",
      about = "Whether readers see it. Front's default is draft.",
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
