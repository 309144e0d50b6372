return {
  summary = "List what happened in the company's inboxes, newest first, one page at a time.",
  effect  = "read",
  scopes  = { "events:*:read" },
  group   = "events",
  request = { "GET", "/events" },

  input = {
    types = {
      list = "string", as = "q[types][]", example = { "assign", "unassign" },
      about = "Only events of these types, such as inbound, outbound, assign, archive, comment or tag.",
    },
    inbox_ids = {
      list = "inbox", as = "q[inboxes][]", example = { "support" },
      about = "Only events of these inboxes.",
    },
    after = { "time", as = "q[after]", example = "2026-01-31T09:00:00Z", about = "Only events after this time." },
    before = {
      "time", as = "q[before]", example = "2026-02-28T09:00:00Z",
      about = "Only events before this time. With it, no event is added to the pages while they are read.",
    },
    limit = {
      "integer", min = 1, max = 15, example = 15,
      about = "Results per page, at most 15. A page may have fewer although more follow.",
    },
    sort_by = { enum = { "created_at" }, example = "created_at", about = "What to sort by." },
    sort_order = {
      enum = { "asc", "desc" }, example = "desc",
      about = "Smallest or oldest first (asc), or the other way round (desc).",
    },
  },

  output = {
    results = {
      list = { object = {
        id           = { "string", about = "evt_…" },
        type         = { "string", about = "inbound, assign, archive, tag and others" },
        emitted_at   = { "time", about = "Unix seconds." },
        source       = { "object", about = "What caused it." },
        target       = { "object", about = "What it is about; some types have none." },
        conversation = { "object" },
      } },
      columns = { "id", "type", "emitted_at", "conversation.id" },
      about = "Events as Front describes them.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
