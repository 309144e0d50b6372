return {
  summary = "Record that the customer has seen a message. Front allows this ten times an hour for each message.",
  effect  = "idempotent",
  scopes  = { "messages:write" },
  group   = "messages",
  rare    = true,
  request = { "POST", "/messages/{message_id}/seen" },

  input = {
    message_id = {
      "message", required = true, example = "msg_1q15qmtq",
      about = "The message: its id, or alt:uid: and the message_uid that sending it returned.",
    },
  },
}
