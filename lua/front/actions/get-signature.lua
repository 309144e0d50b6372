return {
  summary = "Get one signature.",
  effect  = "read",
  scopes  = { "signatures:read" },
  group   = "signatures",
  request = { "GET", "/signatures/{signature_id}" },

  input = {
    signature_id = { "signature", required = true, example = "sig_1q15q", about = "The signature." },
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
