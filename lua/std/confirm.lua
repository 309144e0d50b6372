-- confirm: asks an action's `confirm` whether an uncertain write was done.
-- args: {action, input, intent = {at, request = {method, path, body}, claimed = {[id] = true},
-- others = {{at, request}, …}}}
-- returns {found = {status, headers, body}, ids = {…}} | {absent = true} | {unknown = why}
local std = ...
local script, call = std.part("script"), std.part("call")

local answer_keys = { status = true, headers = true, body = true }

-- Whether T is {status, headers, body} and has nothing else. Bodies of Front have a status, too, but that is text.
local function is_answer(t)
  if type(t) ~= "table" or math.type(t.status) ~= "integer" then return false end
  for key in pairs(t) do
    if not answer_keys[key] then return false end
  end
  return true
end

local function answer_of(found, name)
  local answer = is_answer(found) and found or { status = 200, body = found }
  if found == true then answer = { status = 204 } end
  if answer.status < 200 or answer.status > 299 then
    std.fail("script", ("the confirm of %s: the status %d is not a success; return false when it was not done"):format(
      name, answer.status))
  end
  -- 204 for an answer without a body: an empty 200 cannot be read
  local status = answer.body == nil and 204 or answer.status
  return { status = status, headers = answer.headers, body = answer.body }
end

return function(args)
  local action = script.get("action", args.action)
  local app = script.split(args.action)
  local given = { input = args.input, intent = args.intent }
  return call.scope("action", args.action, app, "read", given, nil, function(ctx, copy)
    local found, ids = action.confirm(ctx, copy.input, copy.intent)
    if found == false then return { absent = true } end
    if found == nil then return { unknown = "nothing was found that is certainly it" } end
    return { found = answer_of(found, args.action), ids = type(ids) == "table" and ids or { ids } }
  end)
end
