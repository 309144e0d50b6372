-- foyer check: one step of it. Each file is a step of its own, so that a file that loops ends only its own step.
--
-- A step sees the layers of the run's client. A run without a client sees the layers that all clients without files of
-- their own share. args.clients: the names of some clients that see these layers. A result has `more` when it depends
-- on them, so that the caller repeats the step for the other clients.
--
-- Mistakes are {path, line, sentence, clients, always, sure, note}. `clients` lists those of args.clients that have the
-- mistake; without it every client that sees these layers has it. An `always` mistake counts in any case, a `sure` one
-- for the clients that have it, any other for the clients that use the file. A `note` is not a mistake: it reports what
-- cannot be decided.
local std = ...
local script, references = std.part("script"), std.part("references")

local steps = {}

local workspace = std.workspace()
local BUILTIN = 3 -- the last layer

-- Returns a list of mistakes and the function that adds one. CLIENT: a name, or nil.
local function collector()
  local list, by_key = json.array({}), {}
  return list, function(path, line, sentence, scope, client)
    if not utf8.len(sentence) then sentence = sentence:gsub("[\x80-\xff]", "?") end
    local key = ("%s\n%d\n%s\n%s"):format(path, line, scope, sentence)
    local mistake = by_key[key]
    if not mistake then
      mistake = {
        path = path, line = line, sentence = sentence, always = scope == "always",
        sure = scope == "sure", note = scope == "note", clients = client and json.array({}),
      }
      by_key[key], list[#list + 1] = mistake, mistake
    end
    local clients = mistake.clients
    if clients and clients[#clients] ~= client then clients[#clients + 1] = client end
  end
end

-- Calls FN(settings, name) for each of NAMES; settings are nil when the client's file cannot be read. Calls FN() once
-- without names.
local function each_client(names, fn)
  for _, name in ipairs(names) do
    local settings = std.client(name)
    fn(next(settings) ~= nil and settings or nil, name)
  end
  if #names == 0 then fn() end
end

local function table_of(t, key)
  return type(t) == "table" and type(t[key]) == "table" and t[key] or {}
end

local function settings_of(client)
  return std.part("recipe_settings")(client or {}, workspace)
end

local function is_on(name, client)
  return settings_of(client).is_on(name)
end

-- Returns the path of NAME's entry in the table AT of the settings.
local function entry_path(at, name)
  return (name:find(".", 1, true) and "%s[\"%s\"]" or "%s.%s"):format(at, name)
end

-- How a mistake names the recipe's entry, or its KEY, whichever table of the settings it is in.
local function settings_field(name, key)
  local field = entry_path("recipes", name)
  return key and field .. "." .. key or field
end

-- Returns file, line and path of the recipe's entry in a client's settings, or of its KEY.
local function settings_place(name, key, client, client_name)
  local layers = settings_of(client).layers
  local found = layers[#layers]
  for i = #layers, 1, -1 do
    local entry = layers[i].recipes[name]
    local has = entry ~= nil
    if key then has = type(entry) == "table" and entry[key] ~= nil end
    if has then found = layers[i] end
  end
  local own = found.of == "client"
  local source, info = std.read(own and "client.lua" or "foyer.lua", own and 1 or 2, client_name)
  local path = entry_path(found.group and entry_path("groups", found.group) .. ".recipes" or "recipes", name)
  if key then path = path .. "." .. key end
  return info.path, std.line(source, path), path
end

-- ---- plan: the files to check, and mistakes that show without reading them ----

function steps.plan()
  local mistakes, add = collector()
  local files = std.part("layout").files(function(path, line, sentence)
    add(path, line, sentence, "always")
  end)
  return { mistakes = mistakes, files = files }
end

-- ---- settings: the recipes that a client's settings name ----

function steps.settings(args)
  local mistakes, add = collector()
  local known = {}
  local function exists(name)
    if known[name] == nil then known[name] = references.exists("recipe", name) end
    return known[name]
  end
  each_client(args.clients, function(client, client_name)
    local named = {}
    for _, layer in ipairs(settings_of(client).layers) do
      for name in pairs(layer.recipes) do named[name] = true end
    end
    for name in pairs(named) do
      if type(name) == "string" and not exists(name) then
        local path, line, field = settings_place(name, nil, client, client_name)
        add(path, line, ("%s: %s"):format(field,
          references.unknown("recipe", name, script.names("recipe"))), "sure", client_name)
      end
    end
  end)
  return { mistakes = mistakes, more = true }
end

-- ---- script: one action, trigger or recipe in one layer ----

-- Hints for syntax errors at operators of other languages.
local foreign = {
  ["'!'"] = "Lua writes not, and ~= for !=", ["'//'"] = "a comment begins with --",
  ["'+'"] = "Lua has no += and ++: x = x + 1", ["'&'"] = "Lua writes and", ["'|'"] = "Lua writes or",
}

-- Splits Lua's "path:line: sentence". Lua cuts the beginning of a long path.
local function take_apart(raised, paths)
  local message = std.part("errors").describe(raised).message
  local where, line, sentence = message:match("^(.-):(%d+): (.*)$")
  for _, path in ipairs(where and paths or {}) do
    if path == where or where:sub(1, 3) == "..." and path:sub(3 - #where) == where:sub(4) then
      return path, math.tointeger(tonumber(line)), sentence
    end
  end
  return paths[1], 1, message
end

local function paths_from(entry)
  local paths, from = {}, entry.index
  while from <= 3 do
    local _, info = std.read(entry.file, from)
    if not info then break end
    paths[#paths + 1] = info.path
    from = info.index + 1
  end
  return paths
end

local function at_path(value, path)
  for part in path:gmatch("[^.]+") do
    value = type(value) == "table" and value[part] or nil
  end
  return value
end

-- Whether the action of a trigger's `poll` is there, and takes what it is given.
local function check_poll(poll, add)
  if type(poll) ~= "table" or type(poll.action) ~= "string" then return end
  if not references.exists("action", poll.action) then
    return add("poll.action", references.unknown("action", poll.action, script.names("action")))
  end
  local ok, action = pcall(script.get, "action", poll.action)
  if not ok then return end -- its own file says so
  if poll.after and not (action.input or {})[poll.after] then
    add("poll.after", ("%s has no input %s"):format(poll.action, tostring(poll.after)))
  end
  for name in pairs(table_of(poll, "input")) do
    if not (action.input or {})[name] then
      add("poll.input." .. tostring(name), ("%s has no input %s"):format(poll.action, tostring(name)))
    end
  end
end

local function check_trigger(entry, trigger, add)
  check_poll(trigger.poll, add)
  if type(trigger.sample) ~= "string" then return end
  local folder = entry.file:match("^lua/[^/]+/")
  local sample = std.read(folder .. trigger.sample)
  if not sample then
    return add("sample", ("there is no %s%s"):format(folder, trigger.sample))
  end
  local ok, event = pcall(json.decode, sample)
  if not ok then return add("sample", "cannot be read: " .. tostring(event)) end
  for i, path in ipairs(table_of(trigger, "needs")) do
    if type(path) == "string" and at_path(event, path) == nil then
      add(("needs[%d]"):format(i), ("\"%s\" is not in the sample %s"):format(path, trigger.sample))
    end
  end
end

local function names_template(field)
  return type(field) == "table" and field[1] == "template"
end

-- Returns the path of the template VALUE and adds it to RENDERED; calls ADD(sentence) when it does not exist.
local function find_template(value, rendered, add)
  if type(value) ~= "string" then return nil end
  local path, sentence = references.template(value)
  if not path then return add(sentence) end
  rendered[path] = true
  return path
end

local function unknown_option(name, key, options)
  local names = {}
  for option in pairs(options) do names[#names + 1] = option end
  local near = std.nearest(key, names)
  return ("unknown option \"%s\" of the recipe %s; %s"):format(key, name,
    near and "did you mean \"" .. near .. "\"?" or #names > 0
      and "it takes " .. table.concat(names, ", ") or "it takes none")
end

-- Returns what is wrong with VALUE for the option KEY, or nil.
local function option_mistake(name, key, value, options, client, rendered)
  local field, path = options[key], settings_field(name, key)
  if not field then return path .. ": " .. unknown_option(name, key, options) end
  if type(value) == "userdata" then return nil end -- a secret: its value is unknown here
  local ok, raised = pcall(std.part("values").apply, { [key] = field }, { [key] = value },
    settings_field(name), client)
  local mistake
  if ok and names_template(field) then
    find_template(value, rendered, function(sentence) mistake = path .. ": " .. sentence end)
  elseif not ok and type(raised) == "table" and raised.kind == "invalid" then
    mistake = raised.message
  end
  return mistake
end

-- Returns the options that a client's settings have for the recipe, if it is on, and whether it runs by itself.
local function options_given(name, recipe, client, client_name)
  local settings = settings_of(client)
  if not client or not settings.is_on(name) then return {}, false end
  return std.options(name, client_name), recipe.on or recipe.cron or settings.says(name, "cron")
end

-- Checks the options of RECIPE for one client, whose settings are GIVEN. REPORT: the functions `option`, for mistakes
-- in the recipe's own file, and `setting`; each takes an option's name and a sentence.
local function check_options(name, recipe, given, client, rendered, report)
  local options = table_of(recipe, "options")
  for key, field in pairs(options) do
    if given[key] == nil and names_template(field) then
      find_template(field.default, rendered, function(sentence) report.option(key, sentence) end)
    end
  end
  for key, value in pairs(given) do
    local mistake = option_mistake(name, key, value, options, client, rendered)
    if mistake then report.setting(key, mistake) end
  end
end

local function check_required(name, recipe, given, report)
  for key, field in pairs(table_of(recipe, "options")) do
    if field.required and field.default == nil and given[key] == nil then
      report.setting(nil, ("%s: the option \"%s\" is missing (%s)"):format(settings_field(name), key,
        std.part("errors").field_type(field)))
    end
  end
end

-- Returns option -> path of its default, or false, for the options that are templates; nil when an option is not a
-- table, which the check of the definition reports.
local function template_options(recipe)
  local defaults = {}
  for key, field in pairs(table_of(recipe, "options")) do
    if type(field) ~= "table" then return nil end
    if names_template(field) then
      defaults[key] = type(field.default) == "string" and references.template(field.default) or false
    end
  end
  return defaults
end

-- Returns the definition of ENTRY, if it can be loaded, and TELL(field, sentence, scope, client_name), which adds a
-- mistake in it. Adds `reads` and `defaults` to FOUND, the result of references.read.
local function check_definition(entry, found, paths, add)
  local loaded, definition, info = pcall(script.load, entry.file, entry.index)
  if not loaded then
    local path, line, sentence = take_apart(definition, paths)
    return add(path, line, sentence, "always")
  end
  local function tell(field, sentence, scope, client_name)
    local path, line = std.part("definition").place(info, field)
    add(path, line, field .. ": " .. sentence, scope, client_name)
  end
  std.part("definition").check(entry.kind, definition, function(field, sentence)
    tell(field, sentence, "always")
  end)
  found.reads = definition.effect == "read"
  if entry.kind == "trigger" then check_trigger(entry, definition, tell) end
  if entry.kind == "recipe" then
    if type(definition.on) == "string" and not references.exists("trigger", definition.on) then
      tell("on", references.unknown("trigger", definition.on, script.names("trigger")))
    end
    found.defaults = template_options(definition)
  end
  return definition, tell
end

function steps.script(args)
  local mistakes, add = collector()
  local entry = args.entry
  local text = std.read(entry.file, entry.index)
  local _, top = std.read(entry.file)
  local paths = paths_from(entry)

  -- After a syntax error nothing else can be checked.
  local ok, raised = pcall(std.load, entry.file, entry.index, nil, {})
  if not ok then
    local path, line, sentence = take_apart(raised, paths)
    local hint = foreign[sentence:match(" near ('.-')$")]
    if not sentence:find("^syntax error") then sentence = "syntax error: " .. sentence end
    add(path, line, sentence .. (hint and " (" .. hint .. ")" or ""), "always")
    return { mistakes = mistakes }
  end
  local found, asks = references.read(text, entry, function(line, sentence)
    add(entry.path, line, sentence)
  end)
  local rendered = {}
  for _, path in ipairs(found.templates) do rendered[path] = true end
  local definition, tell = check_definition(entry, found, paths, add)

  local function check_client(client, client_name)
    for _, ask in ipairs(asks) do
      ask(client, function(line, sentence) add(entry.path, line, sentence, nil, client_name) end)
    end
    if not found.defaults then return end
    local given, by_itself = {}, false
    if entry.index == top.index then
      given, by_itself = options_given(entry.name, definition, client, client_name)
    end
    local report = {
      option = function(key, sentence) tell("options." .. key .. ".default", sentence, nil, client_name) end,
      setting = function(key, sentence)
        local path, line = settings_place(entry.name, key, client, client_name)
        add(path, line, sentence, "sure", client_name)
      end,
    }
    check_options(entry.name, definition, given, client, rendered, report)
    if by_itself then check_required(entry.name, definition, given, report) end
  end
  found.more = #asks > 0 or found.defaults ~= nil
  if found.more then each_client(args.clients, check_client) end
  found.mistakes, found.rendered = mistakes, rendered
  return found
end

-- ---- graph: which templates scripts render, and with which data ----

-- Returns, by the template's path, a script of the agency that may change the data of the template: it renders it, or
-- calls or feeds a script that renders it.
local function givers(by_name)
  local found, seen = {}, nil
  local function own(key)
    local first = (by_name[key] or {})[1]
    return first and first.index < BUILTIN and first or nil
  end
  local function walk(key, fn)
    if seen[key] then return end
    seen[key] = true
    for _, entry in ipairs(by_name[key] or {}) do
      fn(key, entry)
      for _, name in ipairs(entry.calls or {}) do walk("action " .. name, fn) end
    end
  end
  for top in pairs(by_name) do
    local giver, paths = own(top), {}
    seen = {}
    walk(top, function(key, entry)
      local reader = own(key)
      if not giver and reader and reader.reads then giver = reader end
      for path in pairs(entry.rendered or {}) do paths[#paths + 1] = path end
    end)
    for _, path in ipairs(giver and paths or {}) do
      -- of several always the same one
      if not found[path] or giver.path < found[path] then found[path] = giver.path end
    end
  end
  return found
end

-- Returns the scripts by kind and name: "action front/list-inboxes" -> entries, nearest layer first.
local function by_name(scripts)
  local found = {}
  for _, entry in ipairs(scripts) do
    local key = entry.kind .. " " .. entry.name
    found[key] = found[key] or {}
    table.insert(found[key], entry)
  end
  return found
end

-- args.scripts: the entries, each with the result of its script step; args.templates: entries.
function steps.graph(args)
  local roots, open, rendered, included = {}, {}, {}, {}
  for _, entry in ipairs(args.scripts) do
    for _, root in ipairs(entry.roots or {}) do roots[root] = true end
    for _, path in ipairs(entry.open or {}) do open[path] = true end
    for path in pairs(entry.rendered or {}) do rendered[path] = true end
  end
  -- A template that only others include is checked where it is included.
  for _, entry in ipairs(args.templates) do
    for name in std.read(entry.file, entry.index):gmatch("{{%s*[><]%s*([^%s}]+)%s*}}") do
      local path = references.template(name)
      if path and not rendered[path] then included[path] = true end
    end
  end
  return { roots = roots, open = open, included = included, givers = givers(by_name(args.scripts)) }
end

-- ---- template: one template in one layer ----

local examples = { "conversation", "contact", "message", "teammate", "inbox", "comment" }

local function example_roots(names)
  local roots = {}
  for name in pairs(names) do roots[name] = true end
  for _, name in ipairs(examples) do
    local sample = std.read("lua/front/samples/" .. name .. ".json")
    local ok, shape = pcall(json.decode, sample or "")
    roots[name] = ok and shape or true
  end
  return roots
end

-- Whether a script may provide the name that FINDING misses: an object may have more members than Front's example.
local function may_be_given(finding)
  local root = finding.name:match("^[^.]+")
  for _, name in ipairs(examples) do
    if root == name and finding.name ~= name then return finding.unknown end
  end
  return finding.unknown and finding.nested and root ~= "client" and root ~= "vars"
end

-- args: entry, and the result of the graph step
-- Returns the line where a conflict begins that git left in TEXT, or nil.
local function conflict_line(text)
  local start = text:find("^<<<<<<< ") or text:find("\n<<<<<<< ", 1, true)
  if not start or not text:find("\n>>>>>>> ", start, true) then return nil end
  local _, lines = text:sub(1, start):gsub("\n", "\n")
  return lines + 1
end

function steps.template(args)
  local mistakes, add = collector()
  local entry = args.entry
  local mustache, template = std.part("mustache"), std.part("template")
  local text = std.read(entry.file, entry.index)
  local conflict = conflict_line(text)
  if conflict then
    add(entry.path, conflict, "a conflict that git could not merge: choose a side, and take the lines out that begin "
      .. "with <<<<<<<, ======= and >>>>>>>", "always")
    return { mistakes = mistakes }
  end
  local ok, tree = pcall(mustache.parse, text, entry.path)
  if not ok then
    local path, line, sentence = take_apart(tree, { entry.path })
    add(path, line, "syntax error: " .. sentence, "always")
    return { mistakes = mistakes }
  end
  local _, nearest = template.find(entry.name)
  if args.included[entry.path] or nearest.path ~= entry.path then return { mistakes = mistakes } end
  local roots = example_roots(args.roots)
  local open = args.open["*"] or args.open[entry.path]
  local giver = args.givers[entry.path]
  each_client(args.clients, function(client, client_name)
    roots.client, roots.vars = client or true, client and table_of(client, "vars") or true
    std.part("model").check(tree, roots, function(finding)
      if open and roots[finding.name:match("^[^.]+")] == nil then return end
      if giver and may_be_given(finding) then
        add(finding.template, finding.line, ("%s, unless %s gives it"):format(finding.message, giver),
          "note", client_name)
      else
        add(finding.template, finding.line, finding.message, nil, client_name)
      end
    end, {
      null = std.null, is_list = json.is_array,
      partial = function(name)
        local found, partial = pcall(template.get, name)
        return found and partial or nil
      end,
    })
  end)
  return { mistakes = mistakes, more = true }
end

-- ---- use: which clients use a file ----

-- Returns the templates that a client's options name, or their defaults.
local function templates_chosen(entry, is_nearest, client, client_name)
  local chosen, given = {}, {}
  if entry.defaults and is_nearest and client and is_on(entry.name, client) then
    given = std.options(entry.name, client_name)
  end
  for option, default in pairs(entry.defaults or {}) do
    local value = given[option]
    if value == nil then value = default or nil else value = references.template(value) end
    chosen[#chosen + 1] = value
  end
  return chosen
end

-- Returns path -> true for the scripts of NAMED that the client uses, and for the templates that these render.
local function paths_used(named, client, client_name)
  local used = {}
  local function use(key)
    for i, entry in ipairs(named[key] or {}) do
      if not used[entry.path] then
        used[entry.path] = true
        for _, name in ipairs(entry.calls or {}) do use("action " .. name) end
        for _, path in ipairs(entry.templates or {}) do used[path] = true end
        for _, path in ipairs(templates_chosen(entry, i == 1, client, client_name)) do used[path] = true end
      end
    end
  end
  for key, entries in pairs(named) do
    local first = entries[1] -- the nearest layer's
    if first.index == 1 or (first.kind == "recipe" and is_on(first.name, client)) then use(key) end
  end
  return used
end

-- args.scripts and args.templates as in graph. The result names, by path, the clients that use it.
function steps.use(args)
  local named, users = by_name(args.scripts), {}
  each_client(args.clients, function(client, client_name)
    local used = paths_used(named, client, client_name)
    for _, entry in ipairs(args.templates) do
      if entry.index == 1 then used[entry.path] = true end
    end
    for path in pairs(used) do
      users[path] = users[path] or {}
      users[path][client_name or ""] = true
    end
  end)
  return { users = users, more = true }
end

-- args: {step, …}
return function(args)
  return steps[args.step](args)
end
