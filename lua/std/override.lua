-- override: merges one definition into the next layer's, for `super{…}`.

-- The number of arguments of each function of a definition. An overriding function gets the inherited one after
-- these.
local arity = { run = 2, confirm = 3, key = 1, fires = 1 }

-- The run of an action that only declares its request. SEND is of the merged definition, so that a layer may change the
-- request and the fields of the layers below it.
local function send_declared(ctx, input, send) return send(ctx, input) end

local function is_list(t)
  return json.is_array(t) and #t > 0 and next(t) == 1 and rawlen(t) == #t
end

-- A field such as { "boolean", default = true } has an item and keys: it counts as a map.
local function is_plain_list(t)
  if not is_list(t) then return false end
  for key in pairs(t) do
    if type(key) ~= "number" then return false end
  end
  return true
end

local function merge(base, over)
  local merged = {}
  for key, value in pairs(base) do merged[key] = value end
  for key, value in pairs(over) do
    local old = merged[key]
    if type(value) == "table" and type(old) == "table" and not is_plain_list(value) then
      merged[key] = merge(old, value)
    else
      merged[key] = value
    end
  end
  return merged
end

local function override(inherited, own, name)
  local n = arity[name]
  if name == "run" then
    return function(ctx, input, send)
      return own(ctx, input, function(c, i) return inherited(c, i, send) end)
    end
  end
  if n == 1 then return function(a) return own(a, inherited) end end
  return function(a, b, c) return own(a, b, c, inherited) end
end

return function(base, over)
  local merged = merge(base, over)
  for name in pairs(arity) do
    local inherited = base[name]
    if name == "run" and inherited == nil and type(base.request) == "table" then inherited = send_declared end
    if type(over[name]) == "function" and type(inherited) == "function" then
      merged[name] = override(inherited, over[name], name)
    end
  end
  return merged
end
