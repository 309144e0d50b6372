return {
  summary = "Get one account.",
  effect  = "read",
  scopes  = { "accounts:read" },
  group   = "accounts",
  request = { "GET", "/accounts/{account_id}" },

  input = {
    account_id = {
      "account", required = true, example = "alt:domain:customer.example",
      about = "The account: its id, or alt:domain: and one of its domains.",
    },
  },

  output = {
    id            = { "string", about = "acc_…" },
    name          = { "string" },
    description   = { "string" },
    domains       = { list = "string" },
    external_id   = { "string" },
    custom_fields = { "object" },
    created_at    = { "time", about = "Unix seconds." },
    updated_at    = { "time", about = "Unix seconds." },
  },
}
