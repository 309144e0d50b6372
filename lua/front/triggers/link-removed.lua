return {
  summary = "A link was removed from a conversation.",
  on      = { "link_removed" },
  needs   = { "payload.conversation", "payload.target.data" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/link-removed.json",
}
