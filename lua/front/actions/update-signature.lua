return {
  summary = "Change a signature.",
  effect  = "idempotent",
  scopes  = { "signatures:write" },
  group   = "signatures",
  rare    = true,
  request = { "PATCH", "/signatures/{signature_id}" },

  input = {
    signature_id = { "signature", required = true, example = "sig_1q15q", about = "The signature." },
    name = { "string", example = "Support", about = "The signature's name." },
    body = { "html", example = "<p>Leela<br>Acme support</p>", about = "Its text, as HTML." },
    sender_info = { "string", example = "Leela at Acme", about = "What the From line of e-mails shows as the sender." },
    is_visible_for_all_teammate_channels = {
      "boolean", example = true,
      about = "Let the teammates of the workspace use it in their own channels, too.",
    },
    is_default = { "boolean", example = true, about = "Make it the default signature of its workspace or teammate." },
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
