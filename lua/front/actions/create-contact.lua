-- Returns the contact that has HANDLE, or nil.
local function find(ctx, handle)
  local path   = "/contacts/" .. url.segment("alt:" .. handle.source .. ":" .. handle.handle)
  local answer = ctx.http.request({ method = "GET", url = path })
  if answer.status == 200 then return answer.body end
  if answer.status ~= 404 then
    error({ kind = "invalid", message = "cannot look up contact: Front answered " .. answer.status })
  end
end

return {
  summary = "Create a contact.",
  effect  = "write",
  scopes  = { "contacts:write" },
  group   = "contacts",
  request = { "POST", "/contacts" },

  input = {
    handles = {
      required = true, min = 1,
      list = { object = {
        handle = {
          "string", required = true, min = 1, example = "ada@customer.example",
          about = "Address, number or name. Front reads a phone number without + and country code as a US number.",
        },
        source = {
          enum = { "twitter", "email", "phone", "facebook", "intercom", "front_chat", "custom" }, required = true,
          example = "email", about = "What kind of handle it is.",
        },
      } },
      example = { { handle = "ada@customer.example", source = "email" } },
      about   = "The contact's addresses. A handle belongs to one contact of the company only.",
    },
    name        = { "string", example = "Ada Example", about = "The contact's name." },
    description = { "string", example = "Buys wool twice a year", about = "A note shown with the contact." },
    avatar      = { "file", example = "@ada.png", about = "A picture, 25 MB at most." },
    links       = { list = "string", example = { "https://customer.example" }, about = "Web pages of the contact." },
    list_names  = {
      list = "string", example = { "Customers" },
      about = "Contact lists to add it to; Front creates those that are missing.",
    },
    group_names = { list = "string", example = { "Customers" }, about = "Deprecated by Front: use list_names." },
    custom_fields = {
      "object", example = { ["Job Title"] = "Buyer" },
      about = "Values by the field's name in Front, with the same upper and lower case.",
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

  run = function(ctx, input, send)
    local ok, answer = pcall(send, ctx, input)
    if ok then return answer end
    if type(answer) == "table" and answer.kind == "conflict" then
      answer = {
        kind = "conflict", status = answer.status, title = answer.title, details = answer.details,
        message = answer.message .. "; a handle belongs to one contact only, and one of these is taken already",
      }
    end
    error(answer, 0)
  end,

  confirms = { "POST /contacts" },

  -- A handle has one contact only. If all handles of the request lead to the same contact, that is the one,
  -- unless another request created it. Otherwise the contact was not created, provided that the request had a
  -- minute to arrive.
  confirm = function(ctx, _, intent)
    local body = intent.request.body
    local contact
    if type(body) ~= "table" or type(body.handles) ~= "table" then return nil end
    for _, handle in ipairs(body.handles) do
      local found = find(ctx, handle)
      if not found or (contact and found.id ~= contact.id) then
        if ctx.now() - intent.at >= 60 then return false end
        return nil
      end
      contact = found
    end
    if contact and intent.claimed[contact.id] then return false end
    return contact
  end,
}
