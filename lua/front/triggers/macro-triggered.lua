return {
  summary = "A teammate used a macro in a conversation.",
  group   = "conversations",
  on      = { "macro_triggered" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/macro-triggered.json",
}
