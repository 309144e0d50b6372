-- declared_check: holds an action's `request` and its fields against each other.
local std = ...
local declared = std.part("declared")

local methods = { GET = true, HEAD = true, POST = true, PUT = true, PATCH = true, DELETE = true }
local places = { path = true, query = true, body = true, header = true }
local answers = { file = true, text = true }
local bodiless = { GET = true, HEAD = true }

local function names_of(t)
  local names = {}
  for name in pairs(t) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

local function near_or_all(word, t, all)
  local names = names_of(t)
  local near = std.nearest(word, names)
  return near and ("did you mean \"%s\"?"):format(near) or all:format(table.concat(names, ", "))
end

-- Whether a field's value holds a file.
local function holds_file(field)
  if type(field) == "string" then return field == "file" end
  if type(field) ~= "table" then return false end
  if field[1] == "file" or (field.list and holds_file(field.list)) then return true end
  if type(field.object) == "table" then
    for _, inner in pairs(field.object) do
      if holds_file(inner) then return true end
    end
  end
  return false
end

local function holds_object(field)
  if type(field) == "string" then return field == "object" end
  if type(field) ~= "table" then return false end
  return field[1] == "object" or field.object ~= nil or field.list ~= nil and holds_object(field.list)
end

-- Whether `request` is { METHOD, PATH }; reports why not.
local function check_request(def, report)
  local request = def.request
  if type(request) ~= "table" or #request ~= 2 or type(request[1]) ~= "string" or type(request[2]) ~= "string" then
    report("request", "must be { METHOD, PATH }, such as { \"POST\", \"/conversations/{conversation_id}/tags\" }")
    return false
  end
  local method, path = request[1], request[2]
  if not methods[method] then
    local upper = method:upper()
    report("request", ("unknown method \"%s\"; %s"):format(method, methods[upper]
      and ("did you mean \"%s\"?"):format(upper) or near_or_all(upper, methods, "there are %s")))
    return false
  end
  if path:sub(1, 1) ~= "/" then
    report("request", ("the path \"%s\" does not begin with \"/\"; it is a path below the API's address"):format(path))
    return false
  end
  if path:find("[%s?#]") then
    report("request", ("the path \"%s\" has a query or a space; a field with at = \"query\" goes there"):format(path))
    return false
  end
  local rest = path:gsub("{[%w_][%w_.-]*}", "")
  if rest:find("[{}]") then
    report("request", ("the path \"%s\" has a brace that is not part of {name}"):format(path))
    return false
  end
  if def.effect == "read" and (method == "PUT" or method == "PATCH" or method == "DELETE") then
    report("effect", ("is \"read\", but the request is a %s"):format(method))
  end
  return true
end

-- Returns why FIELD cannot stand at AT, or nil.
local function misplaced(def, at, as, field, names)
  local method = def.request[1]
  if at == "path" then
    if not names[as] then
      return ("goes into the path as {%s}, but the path %s has no {%s}; %s"):format(as, def.request[2], as,
        next(names) == nil and "it has no fields" or near_or_all(as, names, "it has %s"))
    end
    if not field.required and field.default == nil then
      return ("stands in the path %s, so it is needed: required = true, or a default"):format(def.request[2])
    end
  elseif at == "body" then
    if bodiless[method] then
      return ("goes into the body, but a %s has none; leave `at` out, or write at = \"query\""):format(method)
    end
    if def.body == "none" then return "goes into the body, but body = \"none\" says that there is none" end
  end
  if at == "body" then
    return as == "*" and holds_file(field) and "is a file, which cannot be the whole body (as = \"*\")" or nil
  end
  if holds_file(field) then
    return ("is a file, which goes into a body, not into the %s%s"):format(at,
      bodiless[method] and " of a " .. method or "")
  end
  if holds_object(field) then return ("is an object, which goes into a body, not into the %s"):format(at) end
  if field.nullable then return ("is nullable, but only a body can have a null, not the %s"):format(at) end
end

-- Reports two fields that go to the same place, or one that goes below another.
local function check_collisions(taken, report)
  local whole = taken.body and taken.body["*"]
  for at, by_name in pairs(taken) do
    for _, as in ipairs(names_of(by_name)) do
      local list = by_name[as]
      table.sort(list)
      local second = list[2]
      if second then
        report("input." .. second, ("goes to the same place as %s: \"%s\" in the %s"):format(list[1], as, at))
      end
      if at == "body" then
        if whole and as ~= "*" then
          report("input." .. list[1], ("goes into the body, but %s is the whole body (as = \"*\")"):format(whole[1]))
        end
        local dot = as:find(".", 1, true)
        while dot do
          local above = by_name[as:sub(1, dot - 1)]
          if above then
            report("input." .. list[1], ("goes to \"%s\", which is below \"%s\", the place of %s"):format(as,
              as:sub(1, dot - 1), above[1]))
          end
          dot = as:find(".", dot + 1, true)
        end
      end
    end
  end
end

local function check_as(field, at, name, report)
  local as = field.as
  if as == nil then return true end
  if as == "" or (at == "body" and as ~= "*" and not ("." .. as):match("^%.[^.]") or as:find("..", 1, true)
    or as:sub(-1) == ".") then
    report("input." .. name .. ".as", ("\"%s\" is not a name, nor names with dots between them"):format(as))
    return false
  end
  if at == "header" and as:find("[^%w_-]") then
    report("input." .. name .. ".as", ("\"%s\" is not a header's name"):format(as))
    return false
  end
  return true
end

local merge_keys = { field = true, from = true }

local function check_merge(def, names, report)
  local merge, input = def.merge, def.input or {}
  if type(merge) ~= "table" then return end
  for key in pairs(merge) do
    if not merge_keys[key] then
      report("merge." .. tostring(key), ("unknown key \"%s\"; %s"):format(tostring(key),
        near_or_all(tostring(key), merge_keys, "merge has %s")))
    end
  end
  local field = type(merge.field) == "string" and input[merge.field]
  if type(field) ~= "table" then
    report("merge.field", ("must name a field of the input, such as \"custom_fields\"; %s"):format(
      near_or_all(tostring(merge.field), input, "there are %s")))
  elseif not (field[1] == "object" or field.object) or declared.place(def, merge.field, field, names) ~= "body" then
    report("merge.field", ("names %s, which is not an object in the body"):format(merge.field))
  end
  local path = type(merge.from) == "string" and merge.from:match("^GET (/[^%s?#]*)$")
  if not path then
    report("merge.from", "must be what is read before the write, such as \"GET /contacts/{contact_id}\"")
    return
  end
  for name in pairs(declared.placeholders(path)) do
    if not names[name] then
      report("merge.from", ("has {%s}, but the path %s has no {%s}; %s"):format(name, def.request[2], name,
        next(names) == nil and "it has no fields" or near_or_all(name, names, "it has %s")))
    end
  end
end

local function check_fields(def, report)
  local names = declared.placeholders(def.request[2])
  local filled, taken = {}, {}
  for _, name in ipairs(names_of(def.input or {})) do
    local field = def.input[name]
    local at_ok = type(field) == "table"
    if at_ok and type(field.at) == "string" and not places[field.at] then
      at_ok = false
      report("input." .. name .. ".at", ("unknown place \"%s\"; %s"):format(field.at,
        near_or_all(field.at, places, "there are %s")))
      filled[name] = true
    end
    at_ok = at_ok and (field.at == nil or type(field.at) == "string")
      and (field.as == nil or type(field.as) == "string")
    if at_ok and not declared.is_apart(def, name) then
      local at, as = declared.place(def, name, field, names)
      if check_as(field, at, name, report) then
        local why = misplaced(def, at, as, field, names)
        if why then report("input." .. name, why) end
        if at == "path" then filled[as] = true end
        taken[at] = taken[at] or {}
        taken[at][as] = taken[at][as] or {}
        table.insert(taken[at][as], name)
      end
    end
  end
  for _, name in ipairs(names_of(names)) do
    if not filled[name] then
      local near = std.nearest(name, names_of(def.input or {}))
      report("request", ("the path %s has {%s}, but the input has no field \"%s\"; %s"):format(def.request[2], name,
        name, near and ("did you mean {%s}?"):format(near)
        or ("add %s = { \"string\", required = true } to the input"):format(name)))
    end
  end
  check_collisions(taken, report)
  if def.merge ~= nil then check_merge(def, names, report) end
end

local WITHIN = "only the fields of `input` themselves have a place in the request"

-- Reports `at` and `as` where they have no effect. WHY: the reason for FIELDS; nil: they have one there.
local function check_inner(fields, path, report, why)
  for _, name in ipairs(names_of(fields)) do
    local field = fields[name]
    if type(name) == "string" and type(field) == "table" then
      local at = path .. "." .. name
      for _, key in ipairs({ "at", "as" }) do
        if field[key] ~= nil and why then report(at .. "." .. key, "has no effect here: " .. why) end
      end
      local inner = field
      while type(inner) == "table" and type(inner.list) == "table" do inner = inner.list end
      if type(inner) == "table" and type(inner.object) == "table" then
        check_inner(inner.object, at .. ".object", report, WITHIN)
      end
    end
  end
end

-- Calls report(path, sentence) for each mistake in an action's request and in what belongs to it.
return function(def, report)
  local is_declared = def.request ~= nil
  local why = not is_declared and "the action has no `request`" or nil
  if type(def.input) == "table" then check_inner(def.input, "input", report, why) end
  if type(def.output) == "table" then check_inner(def.output, "output", report, WITHIN) end
  if not is_declared then
    for _, key in ipairs({ "body", "merge", "answer" }) do
      if def[key] ~= nil then report(key, "belongs to a `request`, and the action has none") end
    end
    return
  end
  if type(def.body) == "string" and def.body ~= "none" then
    report("body", "is \"none\" for a request without a body; without it, the fields are the body")
  end
  if type(def.answer) == "string" and not answers[def.answer] then
    report("answer", ("unknown kind of answer \"%s\"; %s"):format(def.answer,
      near_or_all(def.answer, answers, "there are %s, for one that is not JSON")))
  end
  if check_request(def, report) and (def.input == nil or type(def.input) == "table") then check_fields(def, report) end
end
