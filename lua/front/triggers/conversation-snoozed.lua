-- Application webhooks have this event alone: neither a rule nor GET /events does, so that `foyer heal` cannot find it.
return {
  summary = "A conversation was put off until a later time.",
  on      = { "conversation_snoozed" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/conversation-snoozed.json",
}
