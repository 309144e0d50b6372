return {
  summary = "Get one contact.",
  effect  = "read",
  scopes  = { "contacts:read" },
  group   = "contacts",
  request = { "GET", "/contacts/{contact_id}" },

  input = {
    contact_id = {
      "contact", required = true, example = "alt:email:ada@customer.example",
      about = "The contact: its id, or alt:email: and its address.",
    },
  },

  output = {
    id            = { "string", about = "crd_…" },
    name          = { "string" },
    description   = { "string" },
    handles       = { list = "object", about = "{handle, source} each" },
    links         = { list = "string" },
    lists         = { list = "object" },
    custom_fields = { "object" },
    is_private    = { "boolean" },
  },
}
