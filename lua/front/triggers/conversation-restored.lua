return {
  summary = "A conversation was taken out of the trash.",
  on      = { "restore", "conversation_restored" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/conversation-restored.json",
}
