return {
  summary = "Add links to a conversation.",
  effect  = "idempotent",
  scopes  = { "conversations:write" },
  group   = "conversations",
  request = { "POST", "/conversations/{conversation_id}/links" },

  input = {
    conversation_id = { "conversation", required = true, example = "cnv_yo1kg5q", about = "The conversation." },
    link_ids = {
      list = "link", max = 10, example = { "top_3ij8h" },
      about = "Links of the company, at most 10. Either these or link_external_urls.",
    },
    link_external_urls = {
      list = "string", max = 10, example = { "https://shop.example/orders/1234" },
      about = "Addresses, at most 10; Front makes a link for each that it does not have. Either these or link_ids.",
    },
  },
}
