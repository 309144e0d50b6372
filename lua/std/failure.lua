-- failure: what a script raised, as plain data that can be recorded and raised again.
local std = ...

local failure = {}

-- NAME is the script's.
function failure.describe(raised, name)
  -- Lua's own text, which it has ready for when nothing else can be made
  if raised == "not enough memory" then
    return { kind = "limit", message = ("cannot go on: %s needs more than the %d MiB of memory "
      .. "that a run may have"):format(name, std.memory_mib) }
  end
  if type(raised) == "string" then return { kind = "script", message = raised } end
  if type(raised) ~= "table" then
    return { kind = "script", message = ("%s raised a %s instead of a text or {kind =, message =}")
      :format(name, type(raised)) }
  end
  local out = { kind = raised.kind, message = raised.message }
  if type(out.kind) ~= "string" then out.kind = "script" end
  if type(out.message) ~= "string" then out.message = "an error table without a message" end
  for _, key in ipairs({ "status", "title", "retry_after" }) do
    local value = rawget(raised, key)
    if type(value) == "number" or type(value) == "string" then out[key] = value end
  end
  local details = rawget(raised, "details")
  if type(details) == "table" then
    out.details = json.array({})
    for i, text in ipairs(details) do out.details[i] = tostring(text) end
  end
  return out
end

return failure
