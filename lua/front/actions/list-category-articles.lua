return {
  summary = "List the articles of a category, one page at a time.",
  effect  = "read",
  scopes  = { "knowledge_bases:read" },
  group   = "knowledge bases",
  rare    = true,
  request = { "GET", "/knowledge_base_categories/{category_id}/articles" },

  input = {
    category_id = { "category", required = true, example = "kbc_1q15q", about = "The category of a knowledge base." },
    limit = {
      "integer", min = 1, max = 100, example = 50,
      about = "Results per page; Front decides when not given. A page may have fewer although more follow.",
    },
  },

  output = {
    results = {
      list = { object = {
        id         = { "string", about = "kba_…" },
        slug       = { "string", about = "Its part of the address." },
        locales    = { list = "string" },
        created_at = { "time", about = "Unix seconds." },
        updated_at = { "time", about = "Unix seconds." },
      } },
      columns = { "id", "slug", "locales", "updated_at" },
      about = "Articles, without their content.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
