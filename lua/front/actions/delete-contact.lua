return {
  summary = "Delete a contact.",
  effect  = "idempotent",
  scopes  = { "contacts:delete" },
  group   = "contacts",
  request = { "DELETE", "/contacts/{contact_id}" },

  input = {
    contact_id = {
      "contact", required = true, example = "alt:email:ada@customer.example",
      about = "The contact: its id, or alt:email: and its address.",
    },
  },
}
