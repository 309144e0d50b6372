return {
  summary = "A comment mentioned a teammate.",
  on      = { "mention" },
  needs   = { "payload.conversation", "payload.target.data" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/teammate-mentioned.json",
}
