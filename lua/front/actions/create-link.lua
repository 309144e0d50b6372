return {
  summary = "Create a link to a page elsewhere.",
  effect  = "write",
  scopes  = { "links:write" },
  group   = "links",
  request = { "POST", "/links" },

  input = {
    name = { "string", example = "Order 1234", about = "What it is called; its address when not given." },
    external_url = {
      "string", example = "https://shop.example/orders/1234",
      about = "Its address. Either this or pattern.",
    },
    pattern = {
      "string", example = "ORDER-1234",
      about = "The text that application objects match on, instead of an address: Front reads these objects again.",
    },
  },

  output = {
    id            = { "string", about = "top_…" },
    name          = { "string" },
    type          = { "string", about = "web, app_…, jira, github and others" },
    external_url  = { "string" },
    custom_fields = { "object" },
  },

  -- The newest links come first, so one that was created is on the first pages.
  confirm = function(ctx, _, intent)
    local address = intent.request.body.external_url
    if not address then return nil end
    local page = ctx.http.page("/links", { query = { sort_by = "id", sort_order = "desc", limit = 100 } })
    for _ = 1, 10 do
      for _, link in ipairs(page.results) do
        if link.external_url == address and not intent.claimed[link.id] then return link end
      end
      if not page.next then break end
      page = ctx.http.page(page.next)
    end
    if not page.next and ctx.now() - intent.at >= 60 then return false end
  end,
}
