return {
  summary = "A comment was added to a conversation.",
  on      = { "comment", "new_comment_added" },
  needs   = { "payload.conversation", "payload.target.data" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/comment-added.json",
}
