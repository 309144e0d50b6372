return {
  summary = "List what happened in a conversation, newest first, one page at a time.",
  effect  = "read",
  scopes  = { "events:*:read" },
  group   = "conversations",
  request = { "GET", "/conversations/{conversation_id}/events" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
    limit = {
      "integer", min = 1, max = 100, example = 50,
      about = "Results per page; Front decides when not given. A page may have fewer although more follow.",
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
