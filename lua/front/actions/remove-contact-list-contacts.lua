return {
  summary = "Remove contacts from a contact list.",
  effect  = "idempotent",
  scopes  = { "contacts:write" },
  group   = "contact lists",
  request = { "DELETE", "/contact_lists/{contact_list_id}/contacts" },

  input = {
    contact_list_id = { "contact_list", required = true, example = "grp_1q15q", about = "The contact list." },
    contact_ids = {
      list = "contact", required = true, min = 1, max = 50, example = { "alt:email:ada@customer.example" },
      about = "The contacts to remove, at most 50.",
    },
  },
}
