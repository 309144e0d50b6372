return {
  summary = "Change a channel's name, inbox or settings.",
  effect  = "idempotent",
  scopes  = { "channels:write" },
  group   = "channels",
  rare    = true,
  request = { "PATCH", "/channels/{channel_id}" },

  input = {
    channel_id = { "channel", required = true, example = "support", about = "The channel." },
    name       = { "string", example = "Support", about = "The channel's name." },
    inbox_id   = { "inbox", example = "support", about = "The inbox to move it to, with its conversations." },
    undo_send_time = {
      enum = { 0, 5, 10, 15, 30, 60 }, as = "settings.undo_send_time", example = 10,
      about = "Seconds in which sending can be undone.",
    },
    all_teammates_can_reply = {
      "boolean", as = "settings.all_teammates_can_reply", example = true,
      about = "Let teammates without access to the inbox reply on a shared channel.",
    },
    webhook_url = {
      "string", as = "settings.webhook_url", example = "https://channel.acme.example/front",
      about = "Custom channels: the address to which Front sends messages.",
    },
  },
}
