return {
  summary = "Delete a contact list; its contacts stay.",
  effect  = "idempotent",
  scopes  = { "contacts:delete" },
  group   = "contact lists",
  request = { "DELETE", "/contact_lists/{contact_list_id}" },

  input = {
    contact_list_id = { "contact_list", required = true, example = "grp_1q15q", about = "The contact list." },
  },
}
