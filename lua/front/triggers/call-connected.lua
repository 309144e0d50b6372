return {
  summary = "A call was answered.",
  on      = { "call_connected" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/call-connected.json",
}
