return {
  summary = "List the recipients who have seen a message.",
  effect  = "read",
  scopes  = { "messages:read" },
  group   = "messages",
  rare    = true,
  request = { "GET", "/messages/{message_id}/seen" },

  input = {
    message_id = {
      "message", required = true, example = "msg_1q15qmtq",
      about = "The message: its id, or alt:uid: and the message_uid that sending it returned.",
    },
  },

  output = {
    results = {
      list = { object = {
        first_seen_at = { "string", about = "Milliseconds since 1970, unlike Front's other times." },
        seen_by       = { "object", about = "{handle, source}, or null when Front does not know it" },
      } },
      columns = { "seen_by.handle", "first_seen_at" },
      about = "One entry for each recipient that Front knows of, or a single one for the first time at all.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
