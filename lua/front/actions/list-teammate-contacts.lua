return {
  summary = "List the contacts of a teammate, one page at a time.",
  effect  = "read",
  scopes  = { "contacts:read" },
  group   = "contacts",
  rare    = true,
  request = { "GET", "/teammates/{teammate_id}/contacts" },

  input = {
    teammate_id = { "teammate", required = true, example = "leela", about = "The teammate." },
    updated_after = {
      "time", as = "q[updated_after]", example = "2026-01-31T09:00:00Z",
      about = "Only contacts changed after this time.",
    },
    updated_before = {
      "time", as = "q[updated_before]", example = "2026-02-28T09:00:00Z",
      about = "Only contacts changed before this time.",
    },
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
        id            = { "string", about = "crd_…" },
        name          = { "string" },
        description   = { "string" },
        handles       = { list = "object", about = "{handle, source} each" },
        links         = { list = "string" },
        lists         = { list = "object" },
        custom_fields = { "object" },
        is_private    = { "boolean" },
      } },
      columns = { "id", "name", "handles.1.handle", "description" },
      about = "Contacts as Front describes them.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
