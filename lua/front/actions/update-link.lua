return {
  summary = "Change a link's name.",
  effect  = "idempotent",
  scopes  = { "links:write" },
  group   = "links",
  request = { "PATCH", "/links/{link_id}" },

  input = {
    link_id = { "link", required = true, example = "top_3ij8h", about = "The link." },
    name    = { "string", example = "Order 1234", about = "What it is called." },
  },
}
