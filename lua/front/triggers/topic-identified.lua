return {
  summary = "Front recognized the topic of a conversation.",
  group   = "conversations",
  on      = { "topic_identified" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/topic-identified.json",
}
