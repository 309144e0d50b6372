return {
  summary = "A tag was added to a conversation.",
  on      = { "tag", "tag_added" },
  needs   = { "payload.conversation", "payload.target.data" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/tag-added.json",
}
