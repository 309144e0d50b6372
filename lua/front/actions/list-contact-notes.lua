return {
  summary = "List the notes about a contact.",
  effect  = "read",
  scopes  = { "contacts:read" },
  group   = "contacts",
  request = { "GET", "/contacts/{contact_id}/notes" },

  input = {
    contact_id = {
      "contact", required = true, example = "alt:email:ada@customer.example",
      about = "The contact: its id, or alt:email: and its address.",
    },
  },

  output = {
    results = {
      list = { object = {
        author     = { "object", about = "The teammate." },
        body       = { "string" },
        created_at = { "time", about = "Unix seconds." },
      } },
      columns = { "author.username", "created_at", "body" },
      about = "Notes as Front describes them; they have no id.",
    },
  },
}
