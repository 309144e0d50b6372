return {
  summary = "A call ended.",
  on      = { "call_hangup" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/call-hangup.json",
}
