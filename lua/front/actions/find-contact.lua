return {
  summary = "Find the contact that has an address, number or name; null when there is none.",
  effect  = "read",
  scopes  = { "contacts:read" },
  group   = "contacts",

  input = {
    handle = {
      "string", required = true, min = 1, example = "ada@customer.example",
      about = "Address, number or name. Front reads a phone number without + and country code as a US number.",
    },
    source = {
      enum = { "twitter", "email", "phone", "facebook", "intercom", "front_chat", "custom" }, default = "email",
      example = "email", about = "What kind of handle it is.",
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

  run = function(ctx, input)
    local alias  = "alt:" .. input.source .. ":" .. input.handle
    local answer = ctx.http.request({ url = "/contacts/" .. url.segment(alias) })
    if answer.status == 200 then return answer.body end
    if answer.status ~= 404 then
      error({ kind = "invalid", message = "cannot look for " .. input.handle .. ": Front answered " .. answer.status })
    end
  end,
}
