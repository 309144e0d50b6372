return {
  summary = "List the channels that the connection may see.",
  effect  = "read",
  scopes  = { "channels:read" },
  group   = "channels",
  request = { "GET", "/channels" },

  output = {
    results = {
      list = { object = {
        id         = { "string", about = "cha_…" },
        name       = { "string" },
        address    = { "string" },
        type       = { "string", about = "gmail, smtp, twilio, custom and others" },
        send_as    = { "string", about = "The address that it sends from." },
        settings   = { "object" },
        is_private = { "boolean" },
        is_valid   = { "boolean", about = "Front can use it." },
      } },
      columns = { "id", "name", "type", "address", "is_valid" },
      about = "Channels as Front describes them.",
    },
  },
}
