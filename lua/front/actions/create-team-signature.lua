return {
  summary = "Create a signature of a workspace.",
  effect  = "write",
  scopes  = { "signatures:write" },
  group   = "signatures",
  rare    = true,
  request = { "POST", "/teams/{team_id}/signatures" },

  input = {
    team_id = { "team", required = true, example = "tim_16", about = "The workspace; Front's API calls it a team." },
    name = { "string", required = true, min = 1, example = "Support", about = "The signature's name." },
    body = { "html", required = true, min = 1, example = "<p>Leela<br>Acme support</p>", about = "Its text, as HTML." },
    sender_info = { "string", example = "Leela at Acme", about = "What the From line of e-mails shows as the sender." },
    is_visible_for_all_teammate_channels = {
      "boolean", example = true,
      about = "Let the teammates of the workspace use it in their own channels, too.",
    },
    is_default = { "boolean", example = true, about = "Make it the default signature of the workspace." },
    channel_ids = {
      list = "channel", nullable = true, example = { "support" },
      about = "The channels that have it; null for all.",
    },
  },

  output = {
    id                                   = { "string", about = "sig_…" },
    name                                 = { "string" },
    body                                 = { "string", about = "HTML." },
    sender_info                          = { "string" },
    is_default                           = { "boolean" },
    is_private                           = { "boolean" },
    is_visible_for_all_teammate_channels = { "boolean" },
    channel_ids                          = { list = "string", about = "The channels that have it, or null for all." },
  },
}
