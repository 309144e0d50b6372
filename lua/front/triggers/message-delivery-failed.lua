return {
  summary = "A message could not be delivered.",
  on      = { "sending_error", "message_bounce_error", "message_delivery_failed" },
  needs   = { "payload.conversation", "payload.target.data" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/message-delivery-failed.json",
}
