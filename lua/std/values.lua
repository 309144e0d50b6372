-- values: checks values against the fields that a definition declares. Fills in defaults and turns a client's
-- names into ids. The sentences about a value that does not fit are in errors.lua.
local std = ...

local values = {}

local basic = {
  string = true, integer = true, number = true, boolean = true, object = true, time = true,
  html = true, markdown = true, file = true, any = true, template = true,
}

-- The id types of every connector: type -> {app, prefix, names, alias, list}
local id_types
local function ids()
  if id_types then return id_types end
  local types = {}
  for _, app in ipairs(std.part("script").apps()) do
    for word, id in pairs(std.connector(app).ids or {}) do
      types[word] = { app = app, prefix = id.prefix, names = id.names, alias = id.alias, list = id.list }
    end
  end
  id_types = types -- only when every connector could be read: the scripts are not at fault otherwise
  return id_types
end

function values.is_id(word)
  return ids()[word] ~= nil
end

function values.is_type(word)
  return basic[word] or values.is_id(word)
end

-- All types that a field may have, in no order.
function values.type_names()
  local names = {}
  for name in pairs(basic) do names[#names + 1] = name end
  for name in pairs(ids()) do names[#names + 1] = name end
  return names
end

-- ---- one value ----

-- The sentences about a value are a part of their own, as few runs need one.
local function sentences() return std.part("errors") end

local function bad(path, sentence)
  std.fail("invalid", path .. ": " .. sentence)
end

-- WHAT goes on behind the value: "is not a list".
local function unfit(path, value, what)
  bad(path, sentences().show(value) .. " " .. what)
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
  if type(value) ~= "string" then
    unfit(path, value, ("is not %s id"):format(sentences().article(word)))
  end
  if value:sub(1, #id.prefix) == id.prefix then return value end
  if value:sub(1, 4) == "dry_" and std.dry() then return value end
  if value:sub(1, 4) == "alt:" then
    if id.alias then return value end
    bad(path, ("%s: a %s has no alias; its id starts with \"%s\""):format(
      sentences().show(value), word, id.prefix))
  end
  local named = id.names and client and client[id.app] and client[id.app][id.names]
  if named and named[value] then return named[value] end
  bad(path, sentences().not_an_id(value, word, ids(), named or {}))
end

local check

-- type -> function(field, value, path, client) that returns the checked value or fails
local checks = {
  any = function(_, value) return value end,
  string = function(field, value, path)
    if type(value) == "number" then value = tostring(value) end
    if type(value) ~= "string" then unfit(path, value, "is not text") end
    if field.min or field.max then
      check_range(field, utf8.len(value) or #value, path, " characters")
    end
    return value
  end,
  integer = function(field, value, path)
    local n = math.type(value) == "float" and math.tointeger(value) or value
    if math.type(n) ~= "integer" then unfit(path, value, "is not a whole number") end
    check_range(field, n, path, "")
    return n
  end,
  number = function(field, value, path)
    if type(value) ~= "number" then unfit(path, value, "is not a number") end
    check_range(field, value, path, "")
    return value
  end,
  boolean = function(_, value, path)
    if type(value) ~= "boolean" then unfit(path, value, "is neither true nor false") end
    return value
  end,
  object = function(_, value, path)
    if type(value) ~= "table" then unfit(path, value, "is not an object") end
    return value
  end,
  -- Unix seconds, or a date as text.
  time = function(_, value, path)
    if type(value) == "number" then return value end
    if type(value) ~= "string" then
      unfit(path, value, "is not a time: unix seconds, or 2026-11-22T10:00:00Z")
    end
    local ok, seconds = pcall(text.parse_time, value)
    if not ok then bad(path, type(seconds) == "table" and seconds.message or tostring(seconds)) end
    return seconds
  end,
  file = function(_, value, path)
    if std.is_file(value) then return value end
    if type(value) ~= "string" then unfit(path, value, "is not the path of a file") end
    return std.file(value)
  end,
  list = function(field, value, path, client)
    if type(value) ~= "table" or (next(value) ~= nil and not json.is_array(value)) then
      unfit(path, value, "is not a list")
    end
    check_range(field, #value, path, " items")
    local item = type(field.list) == "string" and { field.list } or field.list
    local out = json.array({})
    for i, v in ipairs(value) do out[i] = check(item, v, path .. "[" .. i .. "]", client) end
    return out
  end,
}
checks.html, checks.markdown, checks.template = checks.string, checks.string, checks.string
values.checks = checks

function check(field, value, path, client)
  if field.enum then
    for _, word in ipairs(field.enum) do
      if word == value then return value end
    end
    unfit(path, value, "is not " .. sentences().field_type(field))
  end
  if field.list then return checks.list(field, value, path, client) end
  if field.object then
    if type(value) ~= "table" then unfit(path, value, "is not an object") end
    return values.apply(field.object, value, path, client)
  end
  if std.is_secret(value) then return value end
  local word = field[1]
  local fit = basic[word] and checks[word]
  if fit then return fit(field, value, path) end
  return check_id(value, word, path, client)
end

-- Returns a new table: VALUE with defaults filled in and names turned into ids. CLIENT: the client's
-- settings, for the names. Fails with kind invalid at the first mistake; PATH names the value in the
-- sentence.
function values.apply(fields, value, path, client)
  if type(value) ~= "table" then unfit(path, value, "is not a table") end
  local out, none = {}, {}
  for key, v in pairs(value) do
    local field = fields[key]
    if not field then bad(path, sentences().unknown_key(key, fields)) end
    -- null for an optional field means that it is absent: its default does not apply either. The null
    -- itself is kept only for a field with `nullable`, where the API tells null from absent.
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
      bad(path, ("\"%s\" is missing (%s)"):format(name, sentences().field_type(field)))
    end
  end
  return out
end

return values
