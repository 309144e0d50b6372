return {
  summary = "Create a signature of a teammate.",
  effect  = "write",
  scopes  = { "signatures:write" },
  group   = "signatures",
  rare    = true,
  request = { "POST", "/teammates/{teammate_id}/signatures" },

  input = {
    teammate_id = { "teammate", required = true, example = "leela", about = "The teammate." },
    name = { "string", required = true, min = 1, example = "Support", about = "The signature's name." },
    body = { "html", required = true, min = 1, example = "<p>Leela<br>Acme support</p>", about = "Its text, as HTML." },
    sender_info = { "string", example = "Leela at Acme", about = "What the From line of e-mails shows as the sender." },
    is_default = { "boolean", example = true, about = "Make it the default signature of the teammate." },
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
