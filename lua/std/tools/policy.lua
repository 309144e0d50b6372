-- What a run's recipe and the action around an uncertain write say of failures:
-- args {recipe, action} -> {retry = {attempts, give_up in seconds}, effect, confirm = true when it
-- has one}.
local std = ...
local script = std.part("script")

local function retry_of(name)
  local ok, definition = pcall(script.get, "recipe", name)
  local own = std.part("call").client().recipes
  own = type(own) == "table" and own[name]
  local retry = {}
  for _, layer in ipairs({ ok and definition.retry or {}, type(own) == "table" and own.retry or {} }) do
    retry.attempts = layer.attempts or retry.attempts
    retry.give_up  = layer.give_up and text.parse_duration(layer.give_up) or retry.give_up
  end
  return retry
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
