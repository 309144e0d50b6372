-- foyer doctor: asks an app whose token it is, as any request would: refreshed when due, within the
-- company's budget. args: {app}
local std = ...
local call = std.part("call")

local function at_path(value, path)
  for part in tostring(path):gmatch("[^.]+") do
    value = type(value) == "table" and value[part] or nil
  end
  return value
end

return function(args)
  local oauth = std.connector(args.app).oauth
  local identity = oauth and oauth.identity
  if not identity then
    std.fail("settings", ("the connector of %s has no oauth.identity"):format(args.app))
  end
  return call.scope("tool", "identity", args.app, "read", {}, nil, function(ctx)
    local answer = ctx.http.request({ method = "GET", url = identity.get })
    return {
      status = answer.status, date = answer.headers.date, id = at_path(answer.body, identity.id),
      name = at_path(answer.body, identity.name),
    }
  end)
end
