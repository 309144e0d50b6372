return {
  summary = "A comment mentioned a teammate.",
  group   = "comments",
  on      = { "mention" },
  needs   = { "payload.conversation", "payload.target.data" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/teammate-mentioned.json",
}
