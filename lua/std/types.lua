-- types: what schema needs now and then: lists, types that few inputs have, and their names.
local std = ...
local schema = std.part("schema")

local types = {}

local function bad(path, sentence)
  std.fail("invalid", path .. ": " .. sentence)
end

local function show(value)
  return std.part("mismatch").show(value)
end

function types.number(field, value, path, check_range)
  if type(value) ~= "number" then bad(path, show(value) .. " is no number") end
  check_range(field, value, path, "")
  return value
end

-- unix seconds, or a date that people write
function types.time(_, value, path)
  if type(value) == "number" then return value end
  if type(value) ~= "string" then
    bad(path, show(value) .. " is no time: unix seconds, or 2026-11-22T10:00:00Z")
  end
  local ok, seconds = pcall(text.parse_time, value)
  if not ok then bad(path, type(seconds) == "table" and seconds.message or tostring(seconds)) end
  return seconds
end

function types.file(_, value, path)
  if std.is_file(value) then return value end
  if type(value) ~= "string" then bad(path, show(value) .. " is no path of a file") end
  return std.file(value)
end

function types.list(field, value, path, client, check, check_range)
  if type(value) ~= "table" or (next(value) ~= nil and not json.is_array(value)) then
    bad(path, show(value) .. " is no list")
  end
  check_range(field, #value, path, " items")
  local item = type(field.list) == "string" and { field.list } or field.list
  local out = json.array({})
  for i, v in ipairs(value) do out[i] = check(item, v, path .. "[" .. i .. "]", client) end
  return out
end

function types.is_type(word)
  return schema.basic[word] or schema.is_id(word)
end

function types.names()
  local names = {}
  for name in pairs(schema.basic) do names[#names + 1] = name end
  for name in pairs(schema.ids()) do names[#names + 1] = name end
  return names
end

return types
