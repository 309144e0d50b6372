-- confirm: whether an uncertain write happened, as its action can tell.
-- args: {action, input, intent = {at, request = {method, path, body}, claimed = {[id] = true}}}
-- returns {found = output} | {absent = true} | {unknown = why} | {idempotent = true}
local std = ...
local script, call = std.part("script"), std.part("call")

return function(args)
  local action = script.get("action", args.action)
  if action.effect == "idempotent" then return { idempotent = true } end
  if not action.confirm then
    return { unknown = ("%s has no confirm"):format(args.action), none = true }
  end
  local app = script.split(args.action)
  local given = { input = args.input, intent = args.intent }
  return call.scope("action", args.action, app, "read", given, nil, function(ctx, copy)
    local found = action.confirm(ctx, copy.input, copy.intent)
    if found == false then return { absent = true } end
    if type(found) == "table" then return { found = found } end
    return { unknown = "nothing was found that is surely it" }
  end)
end
