return {
  summary = "An archived conversation was opened again.",
  on      = { "reopen", "conversation_reopened" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/conversation-reopened.json",
}
