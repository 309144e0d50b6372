return {
  summary = "The caller hung up before the call was answered.",
  on      = { "call_abandoned" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/call-abandoned.json",
}
