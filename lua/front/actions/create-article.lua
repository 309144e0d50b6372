return {
  summary = "Create an article in a knowledge base in its first language.",
  effect  = "write",
  scopes  = { "knowledge_bases:write" },
  group   = "knowledge bases",
  rare    = true,
  request = { "POST", "/knowledge_bases/{knowledge_base_id}/articles" },

  input = {
    knowledge_base_id = { "knowledge_base", required = true, example = "knb_1q15q", about = "The knowledge base." },
    author_id = { "teammate", required = true, example = "leela", about = "The teammate who is its author." },
    subject = { "string", required = true, min = 1, example = "How to return a parcel", about = "Its heading." },
    content = {
      "html", required = true, min = 1, example = "<p>Use the label in the box.</p>",
      about = "Its text, as HTML.",
    },
    category_id = { "category", example = "kbc_1q15q", about = "The category to put it in." },
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
