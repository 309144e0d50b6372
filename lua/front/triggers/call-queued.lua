return {
  summary = "A call waits in a queue.",
  on      = { "call_queued" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/call-queued.json",
}
