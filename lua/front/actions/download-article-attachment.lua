return {
  summary = "Download a file that an article has.",
  effect  = "read",
  scopes  = { "knowledge_bases:read" },
  group   = "knowledge bases",
  rare    = true,
  request = { "GET", "/knowledge_base_articles/{article_id}/download/{attachment_id}" },
  answer  = "file",

  input = {
    article_id = { "article", required = true, example = "kba_1q15q", about = "The article of a knowledge base." },
    attachment_id = {
      "attachment", required = true, example = "fil_3q8a7mby",
      about = "The attachment, such as an item of a message's attachments.",
    },
  },
}
