return {
  summary = "The ticket status of a conversation was changed.",
  group   = "conversations",
  on      = { "ticket_status_update" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/ticket-status-updated.json",
}
