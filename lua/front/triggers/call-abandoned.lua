return {
  summary = "The caller hung up before anyone answered.",
  on      = { "call_abandoned" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/call-abandoned.json",
}
