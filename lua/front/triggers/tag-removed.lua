return {
  summary = "A tag was removed from a conversation.",
  on      = { "untag", "tag_removed" },
  needs   = { "payload.conversation", "payload.target.data" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/tag-removed.json",
}
