-- definition: what the table of an action, trigger or recipe may say.
local std = ...

local definition = {}

local keys = {
  action = {
    summary = "string", effect = "string", scopes = "table", input = "table",
    output = "table", run = "function", confirm = "function",
  },
  trigger = {
    summary = "string", on = "table", needs = "table", key = "function", fires = "function",
    sample = "string",
  },
  recipe = {
    summary = "string", on = "string", cron = "string", options = "table", retry = "table",
    catch_up = "any", run = "function",
  },
}

local required = {
  action = { "summary", "effect", "run" },
  trigger = { "summary", "on" },
  recipe = { "summary", "run" },
}

local effects = { read = true, write = true, idempotent = true }

local field_keys = {
  enum = "table", list = "any", object = "table", required = "boolean", default = "any",
  min = "number", max = "number", about = "string", example = "any", columns = "table",
  nullable = "boolean",
}

local function names_of(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  return names
end

local function unknown(key, known)
  local near = type(key) == "string" and std.nearest(key, names_of(known))
  return ("unknown key \"%s\"%s"):format(tostring(key),
    near and "; did you mean \"" .. near .. "\"?" or "")
end

local check_fields

-- report(path, sentence) is told of each mistake.
local function check_field(field, path, report)
  if type(field) ~= "table" then
    report(path, "a field is a table such as { \"string\", required = true }")
    return
  end
  local kinds = 0
  for key, value in pairs(field) do
    if key == 1 then
      kinds = kinds + 1
      if type(value) ~= "string" or not std.part("schema").is_type(value) then
        local near = type(value) == "string"
          and std.nearest(value, std.part("schema").type_names())
        report(path, ("unknown type \"%s\"%s"):format(tostring(value),
          near and "; did you mean \"" .. near .. "\"?" or ""))
      end
    elseif not field_keys[key] then
      report(path .. "." .. tostring(key), unknown(key, field_keys))
    elseif field_keys[key] ~= "any" and type(value) ~= field_keys[key] then
      report(path .. "." .. key, ("is a %s, not a %s"):format(type(value), field_keys[key]))
    end
  end
  if type(field.enum) == "table" then kinds = kinds + 1 end
  if type(field.object) == "table" then
    kinds = kinds + 1
    check_fields(field.object, path .. ".object", report)
  end
  if field.list ~= nil then
    kinds = kinds + 1
    if type(field.list) == "string" then
      check_field({ field.list }, path .. ".list", report)
    else
      check_field(field.list, path .. ".list", report)
    end
  end
  if kinds ~= 1 then
    report(path, "a field has one type: a word, or enum =, list =, object =")
  end
end

function check_fields(fields, path, report)
  for name, field in pairs(fields) do
    if type(name) ~= "string" then
      report(path, "fields are named: { limit = { \"integer\" } }")
    else
      check_field(field, path .. "." .. name, report)
    end
  end
end

-- Calls report(path, sentence) for each mistake in the table of a KIND.
function definition.check(kind, def, report)
  for key, value in pairs(def) do
    local want = keys[kind][key]
    if not want then
      report(tostring(key), unknown(key, keys[kind]))
    elseif kind == "trigger" and key == "on" and type(value) == "string" then
      report("on", "is a string, not a list of event types")
    elseif want ~= "any" and type(value) ~= want then
      report(key, ("is a %s, not a %s"):format(type(value), want))
    end
  end
  for _, key in ipairs(required[kind]) do
    if def[key] == nil then report(key, "is missing") end
  end
  if kind == "action" and type(def.effect) == "string" and not effects[def.effect] then
    report("effect", ("\"%s\" is none of \"read\", \"write\", \"idempotent\""):format(def.effect))
  end
  for _, key in ipairs({ "input", "output", "options" }) do
    if type(def[key]) == "table" then check_fields(def[key], key, report) end
  end
end

-- The first mistake is an error that names file, line and field.
function definition.require(kind, def, info)
  definition.check(kind, def, function(path, sentence)
    local text = std.read(info.file or "", info.index, info.client)
    local line = text and std.line(text, path) or nil
    std.fail("script", ("%s%s: %s %s"):format(info.path, line and ":" .. line or "", path,
      sentence))
  end)
end

return definition
