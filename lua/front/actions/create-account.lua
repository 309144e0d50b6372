return {
  summary = "Create an account: a company of customers.",
  effect  = "write",
  scopes  = { "accounts:write" },
  group   = "accounts",
  request = { "POST", "/accounts" },

  input = {
    name        = { "string", required = true, min = 1, example = "Customer Ltd", about = "The account's name." },
    description = { "string", example = "Buys by the pallet", about = "A note shown with the account." },
    domains = {
      list = "string", example = { "customer.example" },
      about = "Its domains: contacts with addresses there belong to it.",
    },
    external_id = { "string", example = "erp-4711", about = "Its id in another system." },
    custom_fields = {
      "object", example = { Region = "North" },
      about = "Values of the account's custom fields, by the field's name in Front, with the same upper and lower "
        .. "case.",
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

  -- Front finds an account by its external id or by a domain. Without either, it cannot be looked for.
  confirm = function(ctx, _, intent)
    local body  = intent.request.body
    local alias = body.external_id and "alt:ext_id:" .. body.external_id
    if not alias and body.domains and body.domains[1] then alias = "alt:domain:" .. body.domains[1] end
    if not alias then return nil end
    local answer = ctx.http.request({ url = "/accounts/" .. url.segment(alias) })
    if answer.status == 404 and ctx.now() - intent.at >= 60 then return false end
    if answer.status ~= 200 then return nil end
    local account = answer.body
    if (account.created_at or 0) < intent.at - 5 or intent.claimed[account.id] then return false end
    return account
  end,
}
