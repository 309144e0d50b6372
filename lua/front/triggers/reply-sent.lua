-- Rules and GET /events have this type. Application webhooks call each message that is sent outbound_sent:
-- front/message-sent.
return {
  summary = "We sent a reply to a message.",
  group   = "messages",
  on      = { "out_reply" },
  needs   = { "payload.conversation", "payload.target.data" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/reply-sent.json",
}
