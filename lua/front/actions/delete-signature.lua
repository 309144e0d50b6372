return {
  summary = "Delete a signature.",
  effect  = "idempotent",
  scopes  = { "signatures:delete" },
  group   = "signatures",
  rare    = true,
  request = { "DELETE", "/signatures/{signature_id}" },

  input = {
    signature_id = { "signature", required = true, example = "sig_1q15q", about = "The signature." },
  },
}
