return {
  summary = "Remove contacts from a contact group. Front replaced groups by contact lists.",
  effect  = "idempotent",
  scopes  = { "contacts:write" },
  group   = "contact lists",
  rare    = true,
  request = { "DELETE", "/contact_groups/{contact_group_id}/contacts" },

  input = {
    contact_group_id = { "contact_group", required = true, example = "grp_1q15q", about = "The contact group." },
    contact_ids = {
      list = "contact", required = true, min = 1, max = 50, example = { "alt:email:ada@customer.example" },
      about = "The contacts to remove, at most 50.",
    },
  },
}
