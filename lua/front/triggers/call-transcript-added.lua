return {
  summary = "The transcript of a call is there.",
  on      = { "call_transcript_added" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/call-transcript-added.json",
}
