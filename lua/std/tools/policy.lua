-- Returns how a run's recipe and the action around an uncertain write handle failures.
-- args: {recipe, action, request = {method, path, body}, app = the connection that the request went to}
-- -> {retry = {attempts, give_up in seconds}, effect, confirm = whether the action has one, silent = why the action
-- does not cover this request}.
local std = ...
local script = std.part("script")

local function retry_of(name)
  local ok, definition = pcall(script.get, "recipe", name)
  return std.part("recipe_settings")(std.client(), std.workspace()).retry(name, ok and definition or nil)
end

local function parts_of(path)
  local parts = {}
  for part in (path .. "/"):gmatch("([^/]*)/") do parts[#parts + 1] = part end
  return parts
end

-- PATTERN is "POST /conversations/*/comments".
local function fits(pattern, request)
  local method, path = pattern:match("^(%u+) (.*)$")
  if method ~= request.method then return false end
  local wanted, parts = parts_of(path), parts_of(request.path)
  for i, part in ipairs(wanted) do
    if part ~= parts[i] and (part ~= "*" or parts[i] == nil or parts[i] == "") then return false end
  end
  return #wanted == #parts
end

-- Returns why the action does not cover the request, or nil. Without `confirms` it covers every request on its app's
-- connection.
local function silence(definition, args)
  local app = script.split(args.action)
  local request = args.request or {}
  if type(request.method) ~= "string" or type(request.path) ~= "string" then
    return "the request is not recorded"
  end
  if args.app ~= app then
    return ("%s covers only requests on the connection to %s"):format(args.action, app)
  end
  if not definition.confirms then return nil end
  for _, pattern in ipairs(definition.confirms) do
    if fits(pattern, request) then return nil end
  end
  return ("the confirms of %s do not name it"):format(args.action)
end

return function(args)
  local out = { retry = retry_of(args.recipe) }
  if args.action then
    local definition = script.get("action", args.action)
    out.effect  = definition.effect
    out.confirm = definition.confirm ~= nil
    out.silent  = silence(definition, args)
  end
  return out
end
