-- Front takes Unix seconds with at most three decimals.
local function seconds(time)
  return time and (math.tointeger(time) or string.format("%.3f", time))
end

return {
  summary = "List contacts, one page at a time.",
  effect  = "read",
  scopes  = { "contacts:read" },

  input = {
    updated_after  = { "time", example = "2026-01-31T09:00:00Z", about = "Only contacts changed after this time." },
    updated_before = { "time", example = "2026-02-28T09:00:00Z", about = "Only contacts changed before this time." },
    limit = {
      "integer", min = 1, max = 100, example = 50,
      about = "Results per page; Front decides when not given. A page may have fewer although more follow.",
    },
    sort_by    = { enum = { "created_at", "updated_at" }, example = "updated_at", about = "What to sort by." },
    sort_order = { enum = { "asc", "desc" }, example = "desc", about = "Oldest first (asc) or newest first (desc)." },
    next = {
      "string", min = 1, example = "https://acme.api.frontapp.com/contacts?page_token=e0b5767c",
      about = "`next` of the page before. It contains that page's filters and limit, so no other field goes "
        .. "with it (a limit is ignored).",
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
      about   = "Contacts as Front describes them.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },

  run = function(ctx, input)
    if input.next then
      for name in pairs(input) do
        -- A client's default may fill in a limit; Front's URL holds the one that counts.
        if name ~= "next" and name ~= "limit" then
          error({ kind = "invalid", message = "cannot list contacts: " .. name
            .. " does not go with next, which holds the filters of the page before" })
        end
      end
      return ctx.http.page(input.next)
    end
    return ctx.http.page("/contacts", { query = {
      ["q[updated_after]"]  = seconds(input.updated_after),
      ["q[updated_before]"] = seconds(input.updated_before),
      limit                 = input.limit,
      sort_by               = input.sort_by,
      sort_order            = input.sort_order,
    } })
  end,
}
