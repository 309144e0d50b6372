return {
  summary = "Rename a knowledge base in its first language. Front publishes it again if it is published.",
  effect  = "idempotent",
  scopes  = { "knowledge_bases:write" },
  group   = "knowledge bases",
  rare    = true,
  request = { "PATCH", "/knowledge_bases/{knowledge_base_id}/content" },

  input = {
    knowledge_base_id = { "knowledge_base", required = true, example = "knb_1q15q", about = "The knowledge base." },
    name              = { "string", required = true, min = 1, example = "Help", about = "Its name." },
  },

  output = {
    id         = { "string", about = "knb_…" },
    name       = { "string" },
    status     = { "string", about = "published or unpublished" },
    type       = { "string", about = "internal or external" },
    locale     = { "string" },
    created_at = { "time", about = "Unix seconds." },
    updated_at = { "time", about = "Unix seconds." },
  },
}
