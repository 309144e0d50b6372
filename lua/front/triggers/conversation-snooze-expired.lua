return {
  summary = "The time until which a conversation was put off is over.",
  on      = { "reminder", "conversation_snooze_expired" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  fires   = function(event)
    return event.type ~= "conversation_snoozed", "it was snoozed"
  end,
  sample  = "samples/conversation-snooze-expired.json",
}
