return {
  summary = "We sent a message, from Front or by its API.",
  on      = { "outbound", "outbound_sent" },
  needs   = { "payload.conversation", "payload.target.data" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/message-sent.json",
}
