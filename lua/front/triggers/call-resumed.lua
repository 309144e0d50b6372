return {
  summary = "A call that was on hold goes on.",
  on      = { "call_resumed" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/call-resumed.json",
}
