return {
  summary = "A conversation was moved to the trash.",
  on      = { "trash", "conversation_deleted" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/conversation-deleted.json",
}
