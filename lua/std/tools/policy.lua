-- What a run's recipe and the action around an uncertain write say of failures:
-- args {recipe, action} -> {retry = {attempts, give_up in seconds}, effect, confirm = true when it
-- has one}.
local std = ...
local script = std.part("script")

local function retry_of(name)
  local ok, definition = pcall(script.get, "recipe", name)
  return std.part("entries")(std.client(), std.workspace()).retry(name, ok and definition or nil)
end

return function(args)
  local out = { retry = retry_of(args.recipe) }
  if args.action then
    local definition = script.get("action", args.action)
    out.effect  = definition.effect
    out.confirm = definition.confirm ~= nil
  end
  return out
end
