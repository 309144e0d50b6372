return {
  summary = "Add an address, number or name to a contact.",
  effect  = "write",
  scopes  = { "contacts:write" },
  group   = "contacts",
  request = { "POST", "/contacts/{contact_id}/handles" },

  input = {
    contact_id = {
      "contact", required = true, example = "alt:email:ada@customer.example",
      about = "The contact: its id, or alt:email: and its address.",
    },
    handle = {
      "string", required = true, min = 1, example = "ada@customer.example",
      about = "Address, number or name. Front reads a phone number without + and country code as a US number.",
    },
    source = {
      enum = { "twitter", "email", "phone", "facebook", "intercom", "front_chat", "custom" }, required = true,
      example = "email",
      about = "What kind of handle it is.",
    },
  },

  -- A handle has one contact only: the one of the request, or it was not added.
  confirm = function(ctx, _, intent)
    local body   = intent.request.body
    local answer = ctx.http.request({ url = "/contacts/" .. url.segment("alt:" .. body.source .. ":" .. body.handle) })
    if answer.status == 200 then
      local contact = ctx.http.get((intent.request.path:gsub("/handles$", "")))
      if contact.id == answer.body.id then return true end
    elseif answer.status ~= 404 then
      return nil
    end
    if ctx.now() - intent.at >= 60 then return false end
  end,
}
