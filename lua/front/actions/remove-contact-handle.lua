return {
  summary = "Remove an address, number or name from a contact.",
  effect  = "write",
  scopes  = { "contacts:write" },
  group   = "contacts",
  request = { "DELETE", "/contacts/{contact_id}/handles" },

  input = {
    contact_id = {
      "contact", required = true, example = "alt:email:ada@customer.example",
      about = "The contact: its id, or alt:email: and its address.",
    },
    handle = {
      "string", required = true, min = 1, example = "ada@customer.example",
      about = "The address, number or name.",
    },
    source = {
      enum = { "twitter", "email", "phone", "facebook", "intercom", "front_chat", "custom" }, required = true,
      example = "email",
      about = "What kind of handle it is.",
    },
    force = {
      "boolean", example = true,
      about = "Delete the contact if this is its last handle; without it, Front refuses.",
    },
  },

  -- Front finds a contact by its handle, as long as one has it.
  confirm = function(ctx, _, intent)
    local body   = intent.request.body
    local answer = ctx.http.request({ url = "/contacts/" .. url.segment("alt:" .. body.source .. ":" .. body.handle) })
    if answer.status == 404 then return true end
    if answer.status == 200 and ctx.now() - intent.at >= 60 then return false end
  end,
}
