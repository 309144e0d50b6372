return {
  summary = "A call was handed to another teammate or number.",
  on      = { "call_transferred" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/call-transferred.json",
}
