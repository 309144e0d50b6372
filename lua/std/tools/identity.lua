-- foyer doctor: asks an app to which company the token belongs. The request is like any other: the token is refreshed
-- when due, and the company's budget applies. args: {app}
local std = ...
local call = std.part("call")

local function at_path(value, path)
  for part in tostring(path):gmatch("[^.]+") do
    value = type(value) == "table" and value[part] or nil
  end
  return value
end

return function(args)
  local identity = std.connector(args.app).identity
  if not identity then return { unasked = true } end
  return call.scope("tool", "identity", args.app, "read", {}, nil, function(ctx)
    local answer = ctx.http.request({ method = "GET", url = identity.get })
    local id = at_path(answer.body, identity.id)
    return {
      status = answer.status, date = answer.headers.date, id = id ~= nil and tostring(id) or nil,
      name = at_path(answer.body, identity.name),
    }
  end)
end
