return {
  summary = "List the channels of a workspace.",
  effect  = "read",
  scopes  = { "channels:read" },
  group   = "channels",
  rare    = true,
  request = { "GET", "/teams/{team_id}/channels" },

  input = {
    team_id = { "team", required = true, example = "tim_16", about = "The workspace; Front's API calls it a team." },
  },

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
