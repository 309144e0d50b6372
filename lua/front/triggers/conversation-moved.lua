return {
  summary = "A conversation was moved to another inbox.",
  on      = { "move", "conversation_moved" },
  needs   = { "payload.conversation", "payload.target.data" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/conversation-moved.json",
}
