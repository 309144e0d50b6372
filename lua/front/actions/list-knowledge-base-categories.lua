return {
  summary = "List the categories of a knowledge base, one page at a time.",
  effect  = "read",
  scopes  = { "knowledge_bases:read" },
  group   = "knowledge bases",
  rare    = true,
  request = { "GET", "/knowledge_bases/{knowledge_base_id}/categories" },

  input = {
    knowledge_base_id = { "knowledge_base", required = true, example = "knb_1q15q", about = "The knowledge base." },
    limit = {
      "integer", min = 1, max = 100, example = 50,
      about = "Results per page; Front decides when not given. A page may have fewer although more follow.",
    },
  },

  output = {
    results = {
      list = { object = {
        id         = { "string", about = "kbc_…" },
        slug       = { "string", about = "Its part of the address." },
        is_hidden  = { "boolean" },
        locales    = { list = "string" },
        created_at = { "time", about = "Unix seconds." },
        updated_at = { "time", about = "Unix seconds." },
      } },
      columns = { "id", "slug", "is_hidden", "locales" },
      about = "Categories, without their content.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
