return {
  summary = "The transcript of a voicemail is there.",
  on      = { "call_voicemail_transcript_added" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/call-voicemail-transcript-added.json",
}
