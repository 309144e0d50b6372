-- failure: what a script raised, as plain data that can be recorded and raised again. Nothing in
-- here runs a metamethod: what was raised may lie.
local std = ...

local failure = {}

local function plain(value)
  return type(value) == "string" or type(value) == "number" or type(value) == "boolean"
end

-- What a struct err holds, as valid UTF-8.
local function sentence(message)
  if #message > 1000 then
    message = message:sub(1, 1000):gsub("[\xc0-\xff]?[\x80-\xbf]*$", "")
  end
  if not utf8.len(message) then message = message:gsub("[\x80-\xff]", "?") end
  return message
end

-- NAME is the script's.
function failure.describe(raised, name)
  -- Lua's own text, which it has ready for when nothing else can be made
  if raised == "not enough memory" then
    return { kind = "limit", message = ("cannot go on: %s needs more than the %d MiB of memory "
      .. "that a run may have"):format(name, std.limits.vm_bytes >> 20) }
  end
  if type(raised) == "string" then return { kind = "script", message = sentence(raised) } end
  if type(raised) ~= "table" then
    return { kind = "script", message = ("%s raised a %s instead of a text or {kind =, message =}")
      :format(name, type(raised)) }
  end
  local out = { kind = rawget(raised, "kind"), message = rawget(raised, "message") }
  if type(out.kind) ~= "string" then out.kind = "script" end
  out.message = type(out.message) == "string" and sentence(out.message)
    or "an error table without a message"
  for _, key in ipairs({ "status", "title", "retry_after" }) do
    local value = rawget(raised, key)
    if type(value) == "number" and value - value == 0 then out[key] = value end -- finite
    if type(value) == "string" then out[key] = sentence(value) end
  end
  local details = rawget(raised, "details")
  if type(details) == "table" then
    out.details = json.array({})
    for i = 1, math.min(rawlen(details), 100) do
      local text = rawget(details, i)
      out.details[i] = plain(text) and sentence(tostring(text)) or type(text)
    end
  end
  return out
end

return failure
