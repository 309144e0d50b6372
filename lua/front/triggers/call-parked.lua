return {
  summary = "A call was parked.",
  on      = { "call_parked" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/call-parked.json",
}
