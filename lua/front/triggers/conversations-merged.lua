-- The conversation is the one that is left; payload.target.data lists the ids of those that are gone.
return {
  summary = "Conversations were merged into one.",
  on      = { "conversations_merged" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/conversations-merged.json",
}
