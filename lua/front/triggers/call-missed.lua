return {
  summary = "A call was not answered.",
  on      = { "call_missed" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/call-missed.json",
}
