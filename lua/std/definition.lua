-- definition: checks the table of an action, trigger or recipe against the keys that it may have, and finds the line
-- of a mistake.
local std = ...

local definition = {}

local keys = {
  action = {
    summary = "string", effect = "string", scopes = "list", input = "table",
    output = "table", run = "function", confirm = "function", confirms = "list", request = "any",
    body = "string", merge = "table", answer = "string", group = "string", rare = "boolean",
  },
  trigger = {
    summary = "string", on = "list", needs = "list", key = "function", fires = "function",
    sample = "string", poll = "table", group = "string",
  },
  recipe = {
    summary = "string", on = "string", cron = "string", options = "table", retry = "table",
    catch_up = "any", run = "function",
  },
}

local retry_keys = { attempts = "integer", give_up = "string" }

local required = {
  action = {
    effect = "what a repetition does: effect = \"read\", \"write\" or \"idempotent\"",
    run = "what it sends, request = { \"GET\", \"/path\" }, or what it does: run = function(ctx, input) … end",
    summary = "what it does, in one line: summary = \"…\"",
  },
  trigger = {
    on = "the types of events that it handles: on = { \"inbound\" }",
    summary = "when it fires, in one line: summary = \"…\"",
  },
  recipe = {
    run = "what it does: run = function(ctx, event) … end",
    summary = "what it does, in one line: summary = \"…\"",
  },
}

-- true is "latest", false is "none"
local catch_ups = { latest = true, all = true, none = true, [true] = true, [false] = true }
local writes = { POST = true, PUT = true, PATCH = true, DELETE = true }
local effects = { read = true, write = true, idempotent = true }

local field_keys = {
  enum = "list", list = "any", object = "table", required = "boolean", default = "any",
  min = "number", max = "number", about = "string", example = "any", columns = "list",
  nullable = "boolean", at = "string", as = "string",
}

local wants = {
  string = "text", list = "a list such as { \"…\" }", table = "a table", integer = "a whole number",
  ["function"] = "a function", boolean = "true or false", number = "a number",
}

local function shown(value)
  local kind = type(value)
  if kind == "string" then return "text" end
  if kind == "boolean" then return tostring(value) end
  return "a " .. kind
end

local function fits(value, want)
  if want == "any" then return true end
  if want == "integer" then return math.type(value) == "integer" end
  if want == "list" then
    if type(value) ~= "table" then return false end
    for key in pairs(value) do
      if math.type(key) ~= "integer" then return false end
    end
    return true
  end
  return type(value) == want
end

local function names_of(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  return names
end

local function unknown(key, known, what)
  if type(key) ~= "string" then
    return ("has a value without a name; %s is written name = value"):format(what)
  end
  local near = std.nearest(key, names_of(known))
  return ("unknown key \"%s\"; %s"):format(key, near and "did you mean \"" .. near .. "\"?"
    or what .. " has " .. table.concat(names_of(known), ", "))
end

local function below(path, key)
  if type(key) == "string" and key:find(".", 1, true) then
    return ("%s[\"%s\"]"):format(path, key)
  end
  return path == "" and tostring(key) or path .. "." .. tostring(key)
end

-- Checks the keys of a table against KNOWN: name -> type.
local function check_keys(t, path, known, what, report)
  for key, value in pairs(t) do
    local want = known[key]
    if not want then
      report(below(path, key), unknown(key, known, what))
    elseif not fits(value, want) then
      report(below(path, key), ("must be %s, not %s"):format(wants[want], shown(value)))
    end
  end
end

local check_fields

-- The settings of a client that has every name: a default may be a name that only some clients have.
local named = setmetatable({}, { __index = function(t) return t end })

local function check_default(field, path, report)
  if field.default == nil or field[1] == "file" then return end
  local values = std.part("values")
  local fields = { default = { field[1], enum = field.enum, min = field.min, max = field.max,
    list = field.list, object = field.object } }
  local ok, raised = pcall(values.apply, fields, { default = field.default }, path, named)
  if not ok and type(raised) == "table" and raised.kind == "invalid" then
    report(path .. ".default", (raised.message:gsub("^[^ ]*: ", "", 1)))
  end
end

-- What other programs call a type is written otherwise here.
local written = {
  list = "a list is { list = \"string\" }", array = "a list is { list = \"string\" }",
  enum = "a choice is { enum = { \"a\", \"b\" } }", text = "text is { \"string\" }",
}

-- Returns the sentence for a VALUE that is no type.
local function unknown_type(value)
  local names = std.part("values").type_names()
  local near = type(value) == "string" and std.nearest(value, names)
  return ("unknown type \"%s\"; %s"):format(tostring(value), written[value]
    or near and "did you mean \"" .. near .. "\"?" or "there are " .. table.concat(names, ", "))
end

-- Calls report(path, sentence) for each mistake.
local function check_field(field, path, report)
  if type(field) ~= "table" then
    report(path, ("must be a table such as { \"string\", required = true }, not %s"):format(
      shown(field)))
    return
  end
  local kinds, good = 0, true
  local function tell(at, sentence)
    good = false
    report(at, sentence)
  end
  for key, value in pairs(field) do
    if key == 1 then
      kinds = kinds + 1
      if type(value) ~= "string" or not std.part("values").is_type(value) then
        tell(path, unknown_type(value))
      end
    elseif not field_keys[key] then
      tell(below(path, key), unknown(key, field_keys, "a field"))
    elseif not fits(value, field_keys[key]) then
      tell(below(path, key), ("must be %s, not %s"):format(wants[field_keys[key]],
        shown(value)))
    end
  end
  if type(field.enum) == "table" then kinds = kinds + 1 end
  if type(field.object) == "table" then
    kinds = kinds + 1
    check_fields(field.object, path .. ".object", tell)
  end
  if field.list ~= nil then
    kinds = kinds + 1
    if type(field.list) == "string" then
      check_field({ field.list }, path .. ".list", tell)
    else
      check_field(field.list, path .. ".list", tell)
    end
  end
  if kinds ~= 1 and good then
    tell(path, ("has %s: a field has one, either a word such as \"string\", or enum =, list = or "
      .. "object ="):format(kinds == 0 and "no type" or "several types"))
  end
  if good then check_default(field, path, report) end
end

function check_fields(fields, path, report)
  for name, field in pairs(fields) do
    if type(name) ~= "string" then
      report(path, "fields have names: { limit = { \"integer\" } }")
    else
      check_field(field, below(path, name), report)
    end
  end
end

-- The lists of text: `on`, `needs`, `scopes`, `confirms`.
local function check_lists(kind, def, report)
  for _, key in ipairs({ "on", "needs", "scopes", "confirms" }) do
    local list = keys[kind][key] == "list" and fits(def[key], "list") and def[key] or {}
    for i, item in ipairs(list) do
      local place = ("%s[%d]"):format(key, i)
      if type(item) ~= "string" then
        report(place, "must be text, not " .. shown(item))
      elseif key == "confirms" and not writes[item:match("^(%u+) /[^%s?#]*$")] then
        report(place, ("\"%s\" is not a write such as \"POST /conversations/*/comments\": POST, PUT, PATCH or "
          .. "DELETE and a path, * for one part of it"):format(item))
      end
    end
  end
end

local function check_action(def, report)
  if type(def.effect) == "string" and not effects[def.effect] then
    report("effect", ("must be \"read\", \"write\" or \"idempotent\", not \"%s\""):format(
      def.effect))
  end
  if def.confirms ~= nil and def.confirm == nil and def.effect ~= "idempotent" then
    report("confirms", "names what `confirm` covers, but there is no `confirm`")
  end
  std.part("declared_check")(def, report)
end

local function check_recipe(def, report)
  if type(def.retry) == "table" then
    check_keys(def.retry, "retry", retry_keys, "retry", report)
    if type(def.retry.give_up) == "string" and not pcall(text.parse_duration, def.retry.give_up) then
      report("retry.give_up", ("\"%s\" is not a duration; write \"90s\", \"15m\", \"2h\" or "
        .. "\"3d\""):format(def.retry.give_up))
    end
  end
  if def.catch_up ~= nil and not catch_ups[def.catch_up] then
    report("catch_up", ("must be \"latest\", \"all\" or \"none\", not %s"):format(
      type(def.catch_up) == "string" and "\"" .. def.catch_up .. "\"" or shown(def.catch_up)))
  end
  local wrong = type(def.cron) == "string" and std.cron(def.cron)
  if wrong then report("cron", wrong) end
end

local poll_keys = {
  action = "string", input = "table", after = "string", time = "string", as = "string", overlap = "string",
}

local function check_poll(def, report)
  check_keys(def.poll, "poll", poll_keys, "poll", report)
  for _, key in ipairs({ "action", "as" }) do
    if def.poll[key] == nil then
      report("poll", ("has no %s: poll = { action = \"front/list-contacts\", as = \"contact\" }"):format(key))
    end
  end
  if def.poll.after and not def.poll.time then
    report("poll", "has `after` without `time`, the member of an item that says when it changed")
  end
  if def.key == nil then
    report("key", "is missing: each look lists items again, and the key tells those that fired")
  end
  if type(def.poll.overlap) == "string" and not pcall(text.parse_duration, def.poll.overlap) then
    report("poll.overlap", ("\"%s\" is not a duration; write \"90s\" or \"15m\""):format(def.poll.overlap))
  end
end

-- Calls report(path, sentence) for each mistake in the table of a KIND.
function definition.check(kind, def, report)
  check_keys(def, "", keys[kind], (kind == "action" and "an " or "a ") .. kind, report)
  for key, hint in pairs(required[kind]) do
    if def[key] == nil and not (key == "run" and def.request ~= nil) then report(key, "is missing: " .. hint) end
  end
  check_lists(kind, def, report)
  if kind == "action" then check_action(def, report) end
  if kind == "recipe" then check_recipe(def, report) end
  if kind == "trigger" and type(def.poll) == "table" then check_poll(def, report) end
  for _, key in ipairs({ "input", "output", "options" }) do
    if type(def[key]) == "table" then check_fields(def[key], key, report) end
  end
end

-- Whether T has a value at PATH.
local function has(t, path)
  for part in path:gmatch("[^.%[%]\"]+") do
    if type(t) ~= "table" then return false end
    t = rawget(t, tonumber(part) or part)
  end
  return t ~= nil
end

-- Returns path and line of FIELD: in the nearest file that has it, else in the lowest one.
function definition.place(info, field)
  local at = info
  while at.below and not has(at.own, field) do at = at.below end
  local source = std.read(at.file, at.index, at.client)
  return at.path, source and std.line(source, field) or 1
end

-- Fails at the first mistake, with file, line and field.
function definition.hold(kind, def, info)
  definition.check(kind, def, function(field, sentence)
    local path, line = definition.place(info, field)
    std.fail("script", ("%s:%d: %s: %s"):format(path, line, field, sentence))
  end)
end

-- The same, for the sources of runs in flight, which know no declared actions: it completes such a one.
function definition.require(kind, def, info)
  definition.hold(kind, def, info)
  if kind == "action" and def.request then std.part("declared").complete(def) end
end

return definition
