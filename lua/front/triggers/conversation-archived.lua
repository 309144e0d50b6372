return {
  summary = "A conversation was archived.",
  on      = { "archive", "conversation_archived" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  fires   = function(event)
    return event.type ~= "conversation_snoozed", "it was snoozed"
  end,
  sample  = "samples/conversation-archived.json",
}
