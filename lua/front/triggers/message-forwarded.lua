return {
  summary = "A message was forwarded.",
  on      = { "forward" },
  needs   = { "payload.conversation", "payload.target.data" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/message-forwarded.json",
}
