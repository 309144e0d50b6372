-- Checks bodies against schemas. The API ignores an unknown member, as Front does, and the log marks it; the mock's
-- own controls refuse it.
local mock = ...
local answers = mock.part("engine/answers")

local checks = {}

local BOOLEANS = { ["true"] = true, ["false"] = false }

local function is_list(value)
  return type(value) == "table" and (json.is_array(value) or next(value) == nil)
end

-- Says whether VALUE is a file as multipart.lua makes one.
local function is_file(value)
  return type(value) == "table" and type(value.filename) == "string" and math.type(value.size) == "integer"
end

local TYPES = {
  any = function() return true end,
  string = function(v) return type(v) == "string" end,
  boolean = function(v) return type(v) == "boolean" end,
  number = function(v) return type(v) == "number" end,
  integer = function(v) return type(v) == "number" and math.tointeger(v) ~= nil end,
  object = function(v) return type(v) == "table" and (next(v) == nil or not json.is_array(v)) end,
  list = is_list,
  file = is_file,
  files = function(v)
    if not is_list(v) then return false end
    for _, item in ipairs(v) do
      if not is_file(item) then return false end
    end
    return true
  end,
  strings = function(v)
    if not is_list(v) then return false end
    for _, item in ipairs(v) do
      if type(item) ~= "string" then return false end
    end
    return true
  end,
}

local check_object, check_field

local function check_list(name, field, value, form, bad)
  local out = json.array({})
  for i, item in ipairs(value) do
    out[i] = check_field(("%s[%d]"):format(name, i - 1), field.items, item, form, bad)
  end
  return out
end

-- Says when VALUE is none of the field's words.
local function check_enum(name, field, value, bad)
  for _, word in ipairs(field.enum) do
    if word == value then return end
  end
  bad[#bad + 1] = ("%s: must be one of %s"):format(name, table.concat(field.enum, ", "))
end

function check_field(name, field, value, form, bad)
  if value == json.null then
    if field.null then return nil end
    bad[#bad + 1] = name .. ": must not be null"
    return nil
  end
  -- Forms have text only.
  if form and field.type == "boolean" and BOOLEANS[value] ~= nil then value = BOOLEANS[value] end
  if form and (field.type == "number" or field.type == "integer") then value = tonumber(value) or value end
  if not TYPES[field.type](value) then
    bad[#bad + 1] = ("%s: must be of type %s"):format(name, field.type)
  elseif field.required and value == "" then
    bad[#bad + 1] = name .. ": must not be empty"
  elseif field.max and #value > field.max then
    bad[#bad + 1] = ("%s: at most %d"):format(name, field.max)
  elseif field.enum then
    check_enum(name, field, value, bad)
  elseif field.items then
    return check_list(name, field, value, form, bad)
  elseif field.fields then
    return check_object(name .. ".", field.fields, value, form, bad)
  end
  return value
end

function check_object(prefix, schema, value, form, bad)
  local out = {}
  for name, item in pairs(value) do
    local field = schema[name]
    if not field and bad.unknown then
      bad.unknown[#bad.unknown + 1] = prefix .. tostring(name)
    elseif not field then
      bad[#bad + 1] = prefix .. tostring(name) .. ": is not allowed"
    else
      out[name] = check_field(prefix .. name, field, item, form, bad)
    end
  end
  for name, field in pairs(schema) do
    if field.required and value[name] == nil then bad[#bad + 1] = prefix .. name .. ": is required" end
  end
  return out
end

-- Returns the body's members, or nil and the answer. A JSON null is not in the result; test for it by
-- `request.json.NAME == json.null`.
function checks.body(request, schema)
  if request.bad_body then return nil, request.bad_body end
  local value = request.fields or request.json
  if type(value) ~= "table" then return nil, answers.invalid("body: must be an object") end
  local is_api = request.segments and request.segments[1] ~= "_mock"
  local bad = { unknown = is_api and {} or nil }
  local out = check_object("", schema, value, request.fields ~= nil, bad)
  if is_api and bad.unknown[1] then
    table.sort(bad.unknown)
    request.unknown_fields = bad.unknown
  end
  if bad[1] then return nil, answers.invalid(table.unpack(bad, 1, math.min(#bad, 20))) end
  return out
end

-- Returns the records of IDS; nil and the answer when one is unknown.
function checks.find_all(company, kind, what, ids)
  local out = {}
  for i, id in ipairs(ids or {}) do
    out[i] = company.find(kind, id)
    if not out[i] then return nil, answers.unknown(what, id) end
  end
  return out
end

return checks
