-- schema: values against fields: types, defaults, names for ids. What it says of a value that
-- does not fit is in mismatch, which a run that goes well does not load, and types has what few use.
local std = ...

local schema = {}

local basic = {
  string = true, integer = true, number = true, boolean = true, object = true, time = true,
  html = true, markdown = true, file = true, any = true, template = true,
}

-- The id types of every connector: word -> {app, prefix, names, alias}
local id_types
local function ids()
  if id_types then return id_types end
  local types = {}
  for _, app in ipairs(std.part("script").apps()) do
    for word, id in pairs(std.connector(app).ids or {}) do
      types[word] = { app = app, prefix = id.prefix, names = id.names, alias = id.alias }
    end
  end
  id_types = types -- when all could be read: half a list would blame the scripts
  return id_types
end
schema.basic, schema.ids = basic, ids

function schema.is_id(word)
  return ids()[word] ~= nil
end

function schema.describe(field)
  return std.part("mismatch").describe(field)
end

local function bad(path, sentence)
  std.fail("invalid", path .. ": " .. sentence)
end

local function show(value)
  return std.part("mismatch").show(value)
end

local function check_range(field, size, path, unit)
  if field.min and size < field.min then
    bad(path, ("%s is less than %s%s"):format(size, field.min, unit))
  end
  if field.max and size > field.max then
    bad(path, ("%s is more than %s%s"):format(size, field.max, unit))
  end
end

local function check_id(value, word, path, client)
  local id = ids()[word]
  if type(value) ~= "string" then bad(path, show(value) .. " is no " .. word .. " id") end
  if value:sub(1, #id.prefix) == id.prefix then return value end
  if value:sub(1, 4) == "alt:" then
    if id.alias then return value end
    bad(path, ("%s: a %s has no alias; its id starts with \"%s\""):format(show(value), word,
      id.prefix))
  end
  local named = id.names and client and client[id.app] and client[id.app][id.names]
  if named and named[value] then return named[value] end
  bad(path, std.part("mismatch").id(value, word, ids(), named or {}))
end

local check

local checks = {
  any = function(_, value) return value end,
  string = function(field, value, path)
    if type(value) == "number" then value = tostring(value) end
    if type(value) ~= "string" then bad(path, show(value) .. " is no text") end
    if field.min or field.max then
      check_range(field, utf8.len(value) or #value, path, " characters")
    end
    return value
  end,
  integer = function(field, value, path)
    local n = math.type(value) == "float" and math.tointeger(value) or value
    if math.type(n) ~= "integer" then bad(path, show(value) .. " is no whole number") end
    check_range(field, n, path, "")
    return n
  end,
  boolean = function(_, value, path)
    if type(value) ~= "boolean" then bad(path, show(value) .. " is neither true nor false") end
    return value
  end,
  object = function(_, value, path)
    if type(value) ~= "table" then bad(path, show(value) .. " is no object") end
    return value
  end,
}
checks.html, checks.markdown, checks.template = checks.string, checks.string, checks.string

function check(field, value, path, client)
  if field.enum then
    for _, word in ipairs(field.enum) do
      if word == value then return value end
    end
    bad(path, show(value) .. " is not " .. schema.describe(field))
  end
  if field.list then
    return std.part("types").list(field, value, path, client, check, check_range)
  end
  if field.object then
    if type(value) ~= "table" then bad(path, show(value) .. " is no object") end
    return schema.apply(field.object, value, path, client)
  end
  if std.is_secret(value) then return value end
  local word = field[1]
  local fit = checks[word] or basic[word] and std.part("types")[word]
  if fit then return fit(field, value, path, check_range) end
  return check_id(value, word, path, client)
end

-- A new table: VALUE with defaults filled in and names turned into ids. Fails, kind invalid, on
-- the first mistake; PATH names the value in the sentence.
function schema.apply(fields, value, path, client)
  if type(value) ~= "table" then bad(path, show(value) .. " is no table") end
  local out, none = {}, {}
  for key, v in pairs(value) do
    local field = fields[key]
    if not field then
      bad(path, std.part("mismatch").key(key, fields))
    end
    -- null for an optional field says "none": its default does not apply either. Only where an
    -- API knows the difference is the null itself kept.
    if v == json.null and field.nullable then
      out[key] = v
    elseif v == json.null and not field.required and field[1] ~= "any" then
      none[key] = true
    else
      out[key] = check(field, v, path .. "." .. key, client)
    end
  end
  for name, field in pairs(fields) do
    if out[name] == nil and field.default ~= nil and not none[name] then
      out[name] = check(field, field.default, path .. "." .. name, client)
    end
    if out[name] == nil and field.required then
      bad(path, ("\"%s\" is missing (%s)"):format(name, schema.describe(field)))
    end
  end
  return out
end

return schema
