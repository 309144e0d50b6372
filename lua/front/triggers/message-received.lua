return {
  summary = "A customer's message came in, the first one or a later one.",
  on      = { "inbound", "inbound_received" },
  needs   = { "payload.conversation", "payload.target.data" }, -- target.data is the message
  key     = function(event) return event.payload.target.data.id or event.payload.id end,
  sample  = "samples/conversation-created.json",
}
