return {
  summary = "Get one channel.",
  effect  = "read",
  scopes  = { "channels:read" },
  group   = "channels",
  request = { "GET", "/channels/{channel_id}" },

  input = {
    channel_id = { "channel", required = true, example = "support", about = "The channel." },
  },

  output = {
    id         = { "string", about = "cha_…" },
    name       = { "string" },
    address    = { "string" },
    type       = { "string", about = "gmail, smtp, twilio, custom and others" },
    send_as    = { "string", about = "The address that it sends from." },
    settings   = { "object" },
    is_private = { "boolean" },
    is_valid   = { "boolean", about = "Front can use it." },
  },
}
