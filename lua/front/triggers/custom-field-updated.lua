return {
  summary = "A custom field of a conversation was changed.",
  group   = "conversations",
  on      = { "custom_field_updated" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  sample  = "samples/custom-field-updated.json",
}
