return {
  summary = "List accounts, one page at a time.",
  effect  = "read",
  scopes  = { "accounts:read" },
  group   = "accounts",
  request = { "GET", "/accounts" },

  input = {
    limit = {
      "integer", min = 1, max = 100, example = 50,
      about = "Results per page; Front decides when not given. A page may have fewer although more follow.",
    },
    sort_by = { enum = { "created_at", "updated_at" }, example = "created_at", about = "What to sort by." },
    sort_order = {
      enum = { "asc", "desc" }, example = "desc",
      about = "Smallest or oldest first (asc), or the other way round (desc).",
    },
  },

  output = {
    results = {
      list = { object = {
        id            = { "string", about = "acc_…" },
        name          = { "string" },
        description   = { "string" },
        domains       = { list = "string" },
        external_id   = { "string" },
        custom_fields = { "object" },
        created_at    = { "time", about = "Unix seconds." },
        updated_at    = { "time", about = "Unix seconds." },
      } },
      columns = { "id", "name", "domains", "external_id" },
      about = "Accounts as Front describes them.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
