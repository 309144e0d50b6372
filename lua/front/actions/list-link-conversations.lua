return {
  summary = "List the conversations that have a link, one page at a time.",
  effect  = "read",
  scopes  = { "conversations:read" },
  group   = "links",
  request = { "GET", "/links/{link_id}/conversations" },

  input = {
    link_id = { "link", required = true, example = "top_3ij8h", about = "The link." },
    statuses = {
      list = { enum = { "assigned", "unassigned", "archived", "trashed" } }, as = "q[statuses][]",
      example = { "unassigned" },
      about = "Only conversations with one of these statuses.",
    },
    status_categories = {
      list = { enum = { "open", "waiting", "resolved" } }, as = "q[status_categories][]", example = { "open" },
      about = "For companies with ticketing, instead of statuses: only these categories.",
    },
    status_ids = {
      list = "status", as = "q[status_ids][]", example = { "sts_5x" },
      about = "For companies with ticketing, instead of statuses: only these ticket statuses.",
    },
    limit = {
      "integer", min = 1, max = 100, example = 50,
      about = "Results per page; Front decides when not given. A page may have fewer although more follow.",
    },
    sort_by = { enum = { "date" }, example = "date", about = "What to sort by." },
    sort_order = {
      enum = { "asc", "desc" }, example = "desc",
      about = "Smallest or oldest first (asc), or the other way round (desc).",
    },
  },

  output = {
    results = {
      list = { object = {
        id            = { "string", about = "cnv_…" },
        type          = { "string", about = "conversation, discussion or task" },
        subject       = { "string" },
        status        = { "string", about = "assigned, unassigned, archived or deleted" },
        assignee      = { "object", about = "The teammate, or null." },
        recipient     = { "object", about = "The main correspondent, {handle, name, role}, or null." },
        tags          = { list = "object" },
        created_at    = { "time", about = "Unix seconds." },
        waiting_since = { "time", about = "Unix seconds; the time since which the customer waits." },
      } },
      columns = { "id", "status", "subject", "recipient.handle", "assignee.username", "created_at" },
      about = "Conversations as Front describes them.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
