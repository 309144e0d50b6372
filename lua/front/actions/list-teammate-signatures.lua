return {
  summary = "List the signatures of a teammate.",
  effect  = "read",
  scopes  = { "signatures:read" },
  group   = "signatures",
  request = { "GET", "/teammates/{teammate_id}/signatures" },

  input = {
    teammate_id = { "teammate", required = true, example = "leela", about = "The teammate." },
  },

  output = {
    results = {
      list = { object = {
        id = { "string", about = "sig_…" },
        name = { "string" },
        body = { "string", about = "HTML." },
        sender_info = { "string" },
        is_default = { "boolean" },
        is_private = { "boolean" },
        is_visible_for_all_teammate_channels = { "boolean" },
        channel_ids = { list = "string", about = "The channels that have it, or null for all." },
      } },
      columns = { "id", "name", "is_default", "is_private" },
      about = "Signatures as Front describes them.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
