return {
  summary = "Change a contact's name, description, picture, links, lists or custom fields.",
  effect  = "idempotent",
  scopes  = { "contacts:write", "contacts:read" },
  group   = "contacts",
  request = { "PATCH", "/contacts/{contact_id}" },
  merge   = { field = "custom_fields", from = "GET /contacts/{contact_id}" },

  input = {
    contact_id = {
      "contact", required = true, example = "alt:email:ada@customer.example",
      about = "The contact: its id, or alt:email: and its address.",
    },
    name        = { "string", example = "Ada Example", about = "The contact's name." },
    description = { "string", example = "Buys wool twice a year", about = "A note shown with the contact." },
    avatar      = { "file", example = "@ada.png", about = "A picture, 25 MB at most." },
    links       = { list = "string", example = { "https://customer.example" }, about = "Web pages of the contact." },
    list_names = {
      list = "string", example = { "Customers" },
      about = "Contact lists to add it to; Front creates those that are missing.",
    },
    group_names = { list = "string", example = { "Customers" }, about = "Deprecated by Front: use list_names." },
    custom_fields = {
      "object", example = { ["Job Title"] = "Buyer" },
      about = "Values by the field's name in Front, with the same upper and lower case; null removes one. The "
        .. "contact's other custom fields stay as they are.",
    },
  },
}
