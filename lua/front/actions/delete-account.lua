return {
  summary = "Delete an account; its contacts stay.",
  effect  = "idempotent",
  scopes  = { "accounts:delete" },
  group   = "accounts",
  request = { "DELETE", "/accounts/{account_id}" },

  input = {
    account_id = {
      "account", required = true, example = "alt:domain:customer.example",
      about = "The account: its id, or alt:domain: and one of its domains.",
    },
  },
}
