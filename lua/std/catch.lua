-- catch: ctx.call(name, input, { catch = true }) returns nil and the error, also for a failure that may pass and would
-- end the attempt without `catch`.
local std = ...
local call = std.part("call")

return function(name, input, more)
  for key, value in pairs(type(more) == "table" and more or { more }) do
    if key ~= "catch" or type(value) ~= "boolean" then
      std.fail("script", "ctx.call(action, input, { catch = true }): the third argument has `catch` only")
    end
  end
  if not more.catch then return call.action(name, input) end
  local ok, result = pcall(call.action, name, input, nil, true)
  if ok then return result end
  return nil, type(result) == "table" and result or { kind = "script", message = tostring(result) }
end
