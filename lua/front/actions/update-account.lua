return {
  summary = "Change an account's name, description, domains or custom fields.",
  effect  = "idempotent",
  scopes  = { "accounts:write", "accounts:read" },
  group   = "accounts",
  request = { "PATCH", "/accounts/{account_id}" },
  merge   = { field = "custom_fields", from = "GET /accounts/{account_id}" },

  input = {
    account_id = {
      "account", required = true, example = "alt:domain:customer.example",
      about = "The account: its id, or alt:domain: and one of its domains.",
    },
    name        = { "string", example = "Customer Ltd", about = "The account's name." },
    description = { "string", example = "Buys by the pallet", about = "A note shown with the account." },
    domains = {
      list = "string", example = { "customer.example" },
      about = "Its domains; these replace all that it has.",
    },
    custom_fields = {
      "object", example = { Region = "North" },
      about = "Values by the field's name in Front, with the same upper and lower case; null removes one. The "
        .. "account's other custom fields stay as they are.",
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
