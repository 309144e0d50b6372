return {
  summary = "A link was added to a conversation.",
  on      = { "link_added" },
  needs   = { "payload.conversation", "payload.target.data" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/link-added.json",
}
