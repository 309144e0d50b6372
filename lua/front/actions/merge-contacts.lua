return {
  summary = "Merge contacts into one; the others are deleted.",
  effect  = "write",
  scopes  = { "contacts:write" },
  group   = "contacts",
  request = { "POST", "/contacts/merge" },

  input = {
    contact_ids = {
      list = "contact", required = true, min = 1, max = 50, example = { "crd_1q15q", "crd_2r26r" },
      about = "The contacts, 2 to 50; one less is enough when target_contact_id names another one.",
    },
    target_contact_id = {
      "contact", example = "crd_1q15q",
      about = "The contact that remains; Front chooses one when not given.",
    },
  },

  output = {
    id            = { "string", about = "crd_…" },
    name          = { "string" },
    description   = { "string" },
    handles       = { list = "object", about = "{handle, source} each" },
    links         = { list = "string" },
    lists         = { list = "object" },
    custom_fields = { "object" },
    is_private    = { "boolean" },
  },

  -- The contacts that were merged into another one are gone.
  confirm = function(ctx, _, intent)
    local body = intent.request.body
    local gone, left = 0, nil
    for _, id in ipairs(body.contact_ids) do
      if id ~= body.target_contact_id then
        local answer = ctx.http.request({ url = "/contacts/" .. url.segment(id) })
        if answer.status ~= 404 and answer.status ~= 200 then return nil end
        if answer.status == 404 then gone = gone + 1 else left = answer.body end
      end
    end
    if gone == 0 and ctx.now() - intent.at >= 60 then return false end
    if gone == 0 then return nil end
    if body.target_contact_id then return ctx.http.get("/contacts/" .. url.segment(body.target_contact_id)) end
    return left
  end,
}
