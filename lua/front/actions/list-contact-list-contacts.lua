return {
  summary = "List the contacts of a contact list, one page at a time.",
  effect  = "read",
  scopes  = { "contacts:read" },
  group   = "contact lists",
  request = { "GET", "/contact_lists/{contact_list_id}/contacts" },

  input = {
    contact_list_id = { "contact_list", required = true, example = "grp_1q15q", about = "The contact list." },
    limit = {
      "integer", min = 1, max = 100, example = 50,
      about = "Results per page; Front decides when not given. A page may have fewer although more follow.",
    },
  },

  output = {
    results = {
      list = { object = {
        id            = { "string", about = "crd_…" },
        name          = { "string" },
        description   = { "string" },
        handles       = { list = "object", about = "{handle, source} each" },
        links         = { list = "string" },
        lists         = { list = "object" },
        custom_fields = { "object" },
        is_private    = { "boolean" },
      } },
      columns = { "id", "name", "handles.1.handle", "description" },
      about = "Contacts as Front describes them.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
