-- foyer actions, triggers, recipes: a table of all definitions of a KIND, or the manual of one, made from its table.
-- args: {kind, words, client, all, whole, sample}. For actions several words search; ALL: also those that are rare;
-- WHOLE: with the fields of each, for JSON.
local std = ...
local script, values = std.part("script"), std.part("values")

local WIDTH = 80 -- columns of a manual's text
local DEPTH = 8  -- a field within a field

-- "client over built-in": the layers of a definition's files, nearest first.
local function layer_of(info)
  local names = {}
  local at = info
  while at do
    names[#names + 1] = at.layer
    at = at.below
  end
  return table.concat(names, " over ")
end

local function broken(name, why)
  why = type(why) == "table" and why.message or tostring(why)
  if not utf8.len(why) then why = why:gsub("[\x80-\xFF]", "?") end
  return { name = name, error = why, summary = "broken: " .. why }
end

-- Returns where a definition stands in a list: an action in its own group, else with its app's; a trigger in its own,
-- else with those whose names begin with the same word.
local function group_of(kind, name, definition)
  if kind == "recipe" then return nil end
  if definition.group then return definition.group end
  local app, rest = script.split(name)
  if kind == "action" then return app end
  return ((rest or name):match("^(%w-)s?%-") or "other") .. "s"
end

-- A broken script must not hide the others: its row has the error.
local function row_of(kind, name)
  local ok, definition, info = pcall(script.get, kind, name)
  if not ok then return broken(name, definition) end
  local row = {
    name = name, summary = definition.summary, layer = layer_of(info), path = info.path,
    effect = definition.effect, scopes = definition.scopes, on = definition.on, cron = definition.cron,
    needs = definition.needs, sample = definition.sample, rare = definition.rare,
    request = definition.request and table.concat(definition.request, " "),
    group = group_of(kind, name, definition),
  }
  local copied, why = pcall(std.copy, row) -- text that is not UTF-8 can be neither shown nor JSON
  if not copied then return broken(name, why) end
  return row, definition
end

local columns = {
  action = { "name", "effect", "layer", "summary" },
  trigger = { "name", "layer", "summary" },
  recipe = { "name", "on", "cron", "clients", "layer", "summary" },
}

-- ---- searching ----

local function add_fields(fields, out)
  for name, field in pairs(fields or {}) do
    out[#out + 1] = name
    out[#out + 1] = field.about
    if field.enum then out[#out + 1] = table.concat(field.enum, " ") end
    local inner = field
    while type(inner.list) == "table" do inner = inner.list end
    if inner.object then add_fields(inner.object, out) end
  end
end

-- Whether each of WORDS stands in the name, the summary or a field of an action.
local function fits(words, row, definition)
  if #words == 0 then return true end
  local texts = { row.name, row.summary, row.group }
  if definition then add_fields(definition.input, texts) end
  local all = table.concat(texts, "\n"):lower()
  for _, word in ipairs(words) do
    if not all:find(word:lower(), 1, true) then return false end
  end
  return true
end

-- The actions of a group stand together; those without one come first.
local function by_group(a, b)
  local first, second = a.group or "", b.group or ""
  if first ~= second then return first < second end
  return a.name < b.name
end

local describe

local function list(args)
  local rows, shown, hidden = json.array({}), json.array({}), 0
  local plain = args.client == nil
  for _, name in ipairs(script.names(args.kind)) do
    local row, definition = row_of(args.kind, name)
    if not fits(args.words, row, definition) then
      row = nil
    elseif row.rare and not args.all and #args.words == 0 then
      row, hidden = nil, hidden + 1
    end
    if row then
      plain = plain and (row.layer == "built-in" or row.layer == nil)
      if args.whole and definition and args.kind == "action" then
        row.input = describe(definition.input, "", json.array({}), 1)
        row.output = describe(definition.output, "", json.array({}), 1)
      end
      rows[#rows + 1] = row
    end
  end
  if #rows == 0 and #args.words > 0 then
    std.fail("not_found", ("no action has \"%s\" in its name, summary or fields; `foyer actions --all` lists all of "
      .. "them"):format(table.concat(args.words, "\" and \"")))
  end
  if args.kind ~= "recipe" then table.sort(rows, by_group) end
  for _, column in ipairs(columns[args.kind]) do
    if column ~= "layer" or not plain then shown[#shown + 1] = column end
  end
  return { rows = rows, columns = shown, hidden = hidden }
end

-- ---- examples as arguments of the command line ----

-- Quotes a value for a shell.
local function quote(value)
  if value:match("^[%w%-_./:@=,+%%…]*$") then return value end
  return "'" .. value:gsub("'", "'\\''") .. "'"
end

local function is_text(field)
  local kind = field[1]
  return kind == "string" or kind == "html" or kind == "markdown" or kind == "template" or values.is_id(kind)
end

-- Returns key=value as cli_args reads it; nil when the value needs JSON.
local function plain_word(field, key, value)
  if type(value) == "string" then
    if field[1] == "file" then return key .. "=" .. quote("@" .. value:gsub("^@", "")) end
    if value:sub(1, 1) == "@" then return nil end
    if is_text(field) or field.enum or field[1] == "time" then return key .. "=" .. quote(value) end
    return nil
  end
  if type(value) == "number" or type(value) == "boolean" then
    if field[1] == "any" then return nil end
    return key .. "=" .. tostring(value)
  end
  return nil
end

local function words_of(field, key, value)
  if field.list and type(value) == "table" then
    local item = type(field.list) == "string" and { field.list } or field.list
    local words = {}
    for i, v in ipairs(value) do
      local word = plain_word(item, key, v)
      if not word then
        words = nil
        break
      end
      words[i] = word
    end
    if words and #words > 0 then return table.concat(words, " ") end
  else
    local word = plain_word(field, key, value)
    if word then return word end
  end
  return key .. ":=" .. quote(json.encode(value))
end

-- ---- fields ----

local function show(value)
  if type(value) == "string" then return value == "" and "\"\"" or value end
  return json.encode(value)
end

local function range(field)
  local min, max = field.min, field.max
  local unit = (field[1] == "integer" or field[1] == "number") and "" or field.list and " item" or " character"
  if unit ~= "" and (max or min) ~= 1 then unit = unit .. "s" end
  if min and max then return ("%s to %s%s"):format(min, max, unit) end
  if min then return ("at least %s%s"):format(min, unit) end
  if max then return ("at most %s%s"):format(max, unit) end
end

local function nested(field)
  if field.object then return field.object, "." end
  if type(field.list) == "table" then
    local below, rest = nested(field.list)
    return below, below and "[]" .. rest
  end
end

-- Lists fields in order: required ones first, then by name; inner fields follow their field.
function describe(fields, prefix, out, depth)
  local names = {}
  for name in pairs(fields or {}) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    local ra, rb = fields[a].required == true, fields[b].required == true
    if ra ~= rb then return ra end
    return a < b
  end)
  for _, name in ipairs(names) do
    local field = fields[name]
    local row = {
      name = prefix .. name, type = std.part("errors").field_type(field), required = field.required,
      nullable = field.nullable, default = field.default, at = field.at, as = field.as, min = field.min,
      max = field.max, range = range(field), about = field.about, example = field.example,
    }
    if prefix == "" and field.example ~= nil then row.words = words_of(field, name, field.example) end
    out[#out + 1] = row
    local below, step = nested(field)
    if below and depth < DEPTH then describe(below, prefix .. name .. step, out, depth + 1) end
  end
  return out
end

-- Returns a command line with the required fields and one more. The address `next` has all that the first page had.
local function command(start, fields, more)
  local words = { start }
  local other = more and more.name
  for _, field in ipairs(fields) do
    if field.required and other ~= "next" and not field.name:find(".", 1, true) and field.name ~= other then
      words[#words + 1] = field.words or field.name .. "=…"
    end
  end
  if more then words[#words + 1] = more.words end
  return table.concat(words, " ")
end

-- Returns a field for the example of an action that writes and requires no field but those of its path: without one it
-- would change nothing.
local function telling(definition, fields)
  local first
  if definition.effect == "read" or not definition.request then return nil end
  for _, field in ipairs(fields) do
    local in_path = definition.request[2]:find("{" .. field.name .. "}", 1, true)
    if field.required and not in_path and not field.name:find("[.%[]") then return nil end
    if field.name == "custom_fields" then return field end
    if field.words and not field.required and field.type ~= "file" then first = first or field end
  end
  return first
end

local function add_commands(start, fields)
  for _, field in ipairs(fields) do
    if field.words then field.command = command(start, fields, field) end
  end
end

-- ---- the manual as text ----

local function wrap(out, indent, sentence)
  local line
  for word in sentence:gmatch("%S+") do
    if line and (utf8.len(line) or #line) + 1 + (utf8.len(word) or #word) > WIDTH then
      out[#out + 1] = line
      line = nil
    end
    line = line and line .. " " .. word or indent .. word
  end
  out[#out + 1] = line
end

local function write_fields(out, title, fields, with_words)
  if #fields == 0 then return end
  out[#out + 1] = ""
  out[#out + 1] = title
  for _, field in ipairs(fields) do
    local traits = { field.type }
    if field.required then traits[#traits + 1] = "required" end
    if field.default ~= nil then traits[#traits + 1] = "default " .. show(field.default) end
    if field.range then traits[#traits + 1] = field.range end
    if field.nullable then traits[#traits + 1] = "or null" end
    out[#out + 1] = "  " .. field.name .. ": " .. table.concat(traits, ", ")
    if field.about then wrap(out, "      ", field.about) end
    if with_words and field.words then out[#out + 1] = "      " .. field.words end
  end
end

local function line(out, name, value)
  if type(value) == "table" then value = table.concat(value, ", ") end
  if value ~= nil and value ~= "" then out[#out + 1] = ("%-9s %s"):format(name, value) end
end

local function write(manual, input_title)
  local out = { manual.name }
  wrap(out, "  ", manual.summary)
  out[#out + 1] = ""
  line(out, "effect", manual.effect)
  line(out, "scopes", manual.scopes)
  line(out, "request", manual.request)
  line(out, "on", manual.on)
  line(out, "cron", manual.cron)
  line(out, "retry", manual.retry and json.encode(manual.retry))
  line(out, "needs", manual.needs)
  line(out, "polled", manual.polled)
  line(out, "sample", manual.sample)
  line(out, "recipes", manual.recipes)
  local at = manual.files
  for i, file in ipairs(at) do
    line(out, i == 1 and "file" or "over", file.path .. " (" .. file.layer .. ")")
  end
  write_fields(out, input_title, manual.input or manual.options or {}, true)
  if manual.command then
    out[#out + 1] = ""
    out[#out + 1] = "example"
    out[#out + 1] = "  " .. manual.command
  end
  write_fields(out, "output", manual.output or {}, false)
  return table.concat(out, "\n") .. "\n"
end

local function files_of(info)
  local files = json.array({})
  local at = info
  while at do
    files[#files + 1] = { path = at.path, layer = at.layer, hash = at.hash }
    at = at.below
  end
  return files
end

-- Returns the recipes that run on a trigger. `foyer recipes` reports those that are broken.
local function recipes_on(trigger)
  local names = json.array({})
  for _, name in ipairs(script.names("recipe")) do
    local ok, definition = pcall(script.get, "recipe", name)
    if ok and definition.on == trigger then names[#names + 1] = name end
  end
  return names
end

-- Suggests the full name for a name without its app, such as "list-inboxes".
local function check_app(kind, name)
  if kind == "recipe" or name:find("/", 1, true) then return end
  for _, app in ipairs(script.apps()) do
    local whole = app .. "/" .. name
    local file = script.file(kind, whole)
    if file and std.read(file) then
      std.fail("not_found", ("there is no %s %q; did you mean \"%s\"?"):format(kind, name, whole))
    end
  end
end

-- Whether --conversation provides all that the trigger NAME needs.
local function is_of_conversation(name)
  local ok, trigger = pcall(script.get, "trigger", name)
  for _, path in ipairs(ok and trigger.needs or {}) do
    if not (path .. "."):find("^payload%.conversation%.") then return false end
  end
  return true
end

-- Returns a recipe's command without its options, with an event if its trigger needs one.
local function run_command(name, client, on)
  local start = ("foyer run %s --client %s"):format(name, client)
  if not on then return start end
  if is_of_conversation(on) then return start .. " --conversation ID" end
  return start .. " --sample"
end

local function manual(args)
  check_app(args.kind, args.name)
  local definition, info = script.get(args.kind, args.name)
  local out = row_of(args.kind, args.name)
  local client = args.client or "C"
  out.files = files_of(info)
  if args.kind == "action" then
    local start = ("foyer call %s --client %s"):format(args.name, client)
    out.input = describe(definition.input, "", json.array({}), 1)
    out.output = describe(definition.output, "", json.array({}), 1)
    add_commands(start, out.input)
    out.command = command(start, out.input, telling(definition, out.input))
    if definition.answer == "file" then out.command = out.command .. " --output FILE" end
    return { manual = out, text = write(out, "input") }
  elseif args.kind == "recipe" then
    local start = run_command(args.name, client, definition.on)
    out.retry, out.catch_up = definition.retry, definition.catch_up
    out.options = describe(definition.options, "", json.array({}), 1)
    add_commands(start, out.options)
    out.command = command(start, out.options)
    return { manual = out, text = write(out, "options") }
  end
  if args.sample then return { event = std.part("sample")(args.name, definition) } end
  out.derives = definition.fires ~= nil
  out.polled = definition.poll and ("by %s, on a timer or by `foyer poll`"):format(definition.poll.action)
  out.recipes = recipes_on(args.name)
  return { manual = out, text = write(out, "") }
end

-- Returns the name of the definition that WORDS ask for; nil when they are to be searched.
local function name_of(kind, words)
  local word = words[1]
  if not word or #words > 1 then return nil end
  if kind ~= "action" or word:find("/", 1, true) then return word end
  for _, name in ipairs(script.names(kind)) do
    if select(2, script.split(name)) == word then return name end
  end
end

return function(args)
  args.name = name_of(args.kind, args.words)
  if args.name then return manual(args) end
  return list(args)
end
