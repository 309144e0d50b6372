return {
  summary = "A call began.",
  on      = { "call_started" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/call-started.json",
}
