return {
  summary = "Let Front check an SMTP channel; it answers before it is done.",
  effect  = "idempotent",
  scopes  = { "channels:write" },
  group   = "channels",
  rare    = true,
  request = { "POST", "/channels/{channel_id}/validate" },
  body    = "none",

  input = {
    channel_id = { "channel", required = true, example = "support", about = "The channel." },
  },

  output = {
    status = { "string", about = "accepted" },
  },
}
