-- Delivery receipts: does a message that an app accepted exist? args: {app, ref} -> {found = true | false}.
local std = ...

return function(args)
  local path = std.connector(args.app).receipt.get:gsub("{}", (url.segment(args.ref):gsub("%%", "%%%%")))
  return std.part("call").scope("tool", "receipt", args.app, "read", {}, nil, function(ctx)
    local answer = ctx.http.request({ method = "GET", url = path })
    if answer.status == 404 then return { found = false } end
    if answer.status >= 400 then
      std.fail("invalid", ("cannot look for a message: GET %s answers %d"):format(path, answer.status))
    end
    return { found = true }
  end, true)
end
