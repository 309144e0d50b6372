return {
  summary = "Remove contacts from an account.",
  effect  = "idempotent",
  scopes  = { "accounts:write" },
  group   = "accounts",
  request = { "DELETE", "/accounts/{account_id}/contacts" },

  input = {
    account_id = {
      "account", required = true, example = "alt:domain:customer.example",
      about = "The account: its id, or alt:domain: and one of its domains.",
    },
    contact_ids = {
      list = "contact", required = true, min = 1, example = { "alt:email:ada@customer.example" },
      about = "The contacts to remove.",
    },
  },
}
