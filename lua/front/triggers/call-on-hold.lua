return {
  summary = "A call was put on hold.",
  on      = { "call_on_hold" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/call-on-hold.json",
}
