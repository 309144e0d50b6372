return {
  summary = "Create a channel in an inbox.",
  effect  = "write",
  scopes  = { "channels:write" },
  group   = "channels",
  rare    = true,
  request = { "POST", "/inboxes/{inbox_id}/channels" },

  input = {
    inbox_id = { "inbox", required = true, example = "support", about = "The inbox." },
    type = {
      enum = { "custom", "smtp", "twilio" }, required = true, example = "custom",
      about = "What kind of channel; Front's API creates no others.",
    },
    name = { "string", example = "Shop chat", about = "The channel's name." },
    send_as = {
      "string", example = "support@acme.example",
      about = "SMTP and Twilio channels: the address or number that it sends from.",
    },
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
    sid = { "string", as = "settings.sid", example = "AC0123456789", about = "Twilio channels: the account's SID." },
    auth_token = {
      "string", as = "settings.auth_token", example = "secret-token",
      about = "Twilio channels: the account's token.",
    },
    application_uid = { "string", example = "a1b2c3d4", about = "Custom channels: the uid of the app that serves it." },
    credentials = {
      "object", example = { api_key = "key" },
      about = "With application_uid: what Front sends to the app's server, in the form that the app's kind of "
        .. "authorisation has.",
    },
  },
}
