return {
  summary = "Create a contact of a workspace.",
  effect  = "write",
  scopes  = { "contacts:write" },
  group   = "contacts",
  rare    = true,
  request = { "POST", "/teams/{team_id}/contacts" },

  input = {
    team_id = { "team", required = true, example = "tim_16", about = "The workspace; Front's API calls it a team." },
    handles = {
      required = true, min = 1,
      list = { object = {
        handle = {
          "string", required = true, min = 1, example = "ada@customer.example",
          about = "Address, number or name. Front reads a phone number without + and country code as a US number.",
        },
        source = {
          enum = { "twitter", "email", "phone", "facebook", "intercom", "front_chat", "custom" }, required = true,
          example = "email",
          about = "What kind of handle it is.",
        },
      } },
      example = { { handle = "ada@customer.example", source = "email" } },
      about = "The contact's addresses. A handle belongs to one contact of the company only.",
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
      about = "Values of the contact's custom fields, by the field's name in Front, with the same upper and lower "
        .. "case.",
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
