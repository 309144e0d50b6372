-- foyer connect: whose token the client's connection to {app} holds, as {id, name}. The
-- connector's oauth.identity says where to ask and where the answer has it.
local std = ...

local function dig(value, path)
  for key in path:gmatch("[^.]+") do
    value = type(value) == "table" and value[key] or nil
  end
  return value
end

return function(args)
  local identity = std.connector(args.app).oauth.identity
  return std.part("call").scope("tool", "connect", args.app, "read", {}, nil, function(ctx)
    local answer = ctx.http.get(identity.get)
    return { id = dig(answer, identity.id), name = dig(answer, identity.name) }
  end)
end
