-- foyer check: one step of it. A file that never ends takes only its own step with it, so each file
-- has one. Mistakes are {path, line, sentence, always, client}: `always` holds whoever the client is,
-- `client` for this one in any case; the others count for the clients that use the file. A `note` is
-- no mistake: it says what cannot be told.
local std = ...
local script, references = std.part("script"), std.part("references")

local steps = {}

local BUILTIN = 3 -- the last layer

local function collector()
  local list = json.array({})
  return list, function(path, line, sentence, scope)
    if not utf8.len(sentence) then sentence = sentence:gsub("[\x80-\xff]", "?") end
    list[#list + 1] = {
      path = path, line = line, sentence = sentence, always = scope == "always",
      client = scope == "client", note = scope == "note",
    }
  end
end

-- The client's settings; nil when there is none, or when its file cannot be read.
local function client_settings()
  local client = std.client()
  if next(client) == nil then return nil end
  return client
end

local function table_of(t, key)
  return type(t) == "table" and type(t[key]) == "table" and t[key] or {}
end

local function is_on(name, client)
  local own = table_of(client, "recipes")[name]
  if own ~= nil then return own ~= false end
  return (table_of(std.workspace(), "recipes")[name] or false) ~= false
end

-- The file and line that say KEY of the recipe's entry; KEY may be nil.
local function settings_place(name, key, client)
  local entry = table_of(client, "recipes")[name]
  local own = entry ~= nil
  if key then own = type(entry) == "table" and entry[key] ~= nil end
  local source, info = std.read(own and "client.lua" or "foyer.lua", own and 1 or 2)
  local field = (name:find(".", 1, true) and "recipes[\"%s\"]" or "recipes.%s"):format(name)
  if key then field = field .. "." .. key end
  return info.path, std.line(source, field), field
end

-- ---- plan: the files to look at, and what can be said without looking into them ----

function steps.plan()
  local mistakes, add = collector()
  local files = std.part("layout").files(function(path, line, sentence)
    add(path, line, sentence, "always")
  end)
  local client = client_settings()
  local named = {}
  for name in pairs(table_of(std.workspace(), "recipes")) do named[name] = true end
  for name in pairs(table_of(client, "recipes")) do named[name] = true end
  for name in pairs(named) do
    if type(name) == "string" and not references.exists("recipe", name) then
      local path, line, field = settings_place(name, nil, client)
      add(path, line, field .. ": " .. references.unknown("recipe", name, script.names("recipe")),
        "client")
    end
  end
  return { mistakes = mistakes, files = files, blind = client == nil }
end

-- ---- script: one action, trigger or recipe in one layer ----

-- What a syntax error is near to, when it is another language's.
local foreign = {
  ["'!'"] = "Lua writes not, and ~= for !=", ["'//'"] = "a comment begins with --",
  ["'+'"] = "Lua has no += and ++: x = x + 1", ["'&'"] = "Lua writes and", ["'|'"] = "Lua writes or",
}

-- "path:line: sentence" as Lua writes it (long paths lose their beginning) taken apart.
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

local function check_trigger(entry, trigger, add)
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

-- The template that an option names, as {path}; ADD(sentence) when there is none.
local function check_template(field, value, found, add)
  if type(field) ~= "table" or field[1] ~= "template" or type(value) ~= "string" then return end
  local path, sentence = references.template(value)
  if not path then return add(sentence) end
  found.templates[#found.templates + 1] = path
end

local function check_option(name, key, value, options, client, found, add)
  local path, line, field = settings_place(name, key, client)
  local function tell(sentence) add(path, line, sentence, "client") end
  if not options[key] then
    local names = {}
    for option in pairs(options) do names[#names + 1] = option end
    local near = std.nearest(key, names)
    return tell(("%s: unknown option \"%s\" of the recipe %s; %s"):format(field, key, name,
      near and "did you mean \"" .. near .. "\"?" or #names > 0
        and "it takes " .. table.concat(names, ", ") or "it takes none"))
  end
  if type(value) == "userdata" then return end -- a secret: what it is shows later
  local ok, raised = pcall(std.part("values").apply, { [key] = options[key] }, { [key] = value },
    (field:gsub("%.[^.]*$", "")), client)
  if ok then
    check_template(options[key], value, found, function(sentence) tell(field .. ": " .. sentence) end)
  elseif type(raised) == "table" and raised.kind == "invalid" then
    tell(raised.message)
  end
end

local function check_recipe(entry, recipe, client, nearest, found, add, settings)
  if type(recipe.on) == "string" and not references.exists("trigger", recipe.on) then
    add("on", references.unknown("trigger", recipe.on, script.names("trigger")))
  end
  local options = table_of(recipe, "options")
  local given = client and nearest and is_on(entry.name, client) and std.options(entry.name) or nil
  local by_itself = given and (recipe.on or recipe.cron
    or table_of(table_of(client, "recipes"), entry.name).cron
    or table_of(table_of(std.workspace(), "recipes"), entry.name).cron)
  given = given or {}
  for key, field in pairs(options) do
    if type(field) ~= "table" then return end -- said already
    if by_itself and field.required and field.default == nil and given[key] == nil then
      local path, line, place = settings_place(entry.name, nil, client)
      settings(path, line, ("%s: the option \"%s\" is missing (%s)"):format(place, key,
        std.part("values").describe(field)), "client")
    elseif given[key] == nil then
      check_template(field, field.default, found, function(sentence)
        add("options." .. key .. ".default", sentence)
      end)
    end
  end
  for key, value in pairs(given) do
    check_option(entry.name, key, value, options, client, found, settings)
  end
end

function steps.script(args)
  local mistakes, add = collector()
  local entry = args.entry
  local text = std.read(entry.file, entry.index)
  local _, top = std.read(entry.file)
  local client = client_settings()
  local paths = paths_from(entry)

  -- A syntax error makes all else guesswork.
  local ok, raised = pcall(std.load, entry.file, entry.index, nil, {})
  if not ok then
    local path, line, sentence = take_apart(raised, paths)
    local hint = foreign[sentence:match(" near ('.-')$")]
    if not sentence:find("^syntax error") then sentence = "syntax error: " .. sentence end
    add(path, line, sentence .. (hint and " (" .. hint .. ")" or ""), "always")
    return { mistakes = mistakes }
  end
  local found = references.read(text, entry, client, function(line, sentence)
    add(entry.path, line, sentence)
  end)
  local loaded, definition, info = pcall(script.load, entry.file, entry.index)
  if not loaded then
    local path, line, sentence = take_apart(definition, paths)
    add(path, line, sentence, "always")
  else
    local function tell(field, sentence, scope)
      local path, line = std.part("definition").place(info, field)
      add(path, line, field .. ": " .. sentence, scope)
    end
    std.part("definition").check(entry.kind, definition, function(field, sentence)
      tell(field, sentence, "always")
    end)
    found.reads = definition.effect == "read"
    if entry.kind == "trigger" then check_trigger(entry, definition, tell) end
    if entry.kind == "recipe" then
      check_recipe(entry, definition, client, entry.index == top.index, found, tell, add)
    end
  end
  found.mistakes = mistakes
  return found
end

-- ---- use: what the client uses, from what the script steps found ----

-- The scripts that may change what a template is given, by the template's path: of the agency's own
-- scripts and overrides one that renders it, or calls what renders it, or reads for what renders it.
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
      for _, path in ipairs(entry.templates or {}) do paths[#paths + 1] = path end
    end)
    for _, path in ipairs(giver and paths or {}) do
      -- one of several, always the same
      if not found[path] or giver.path < found[path] then found[path] = giver.path end
    end
  end
  return found
end

-- args.scripts: the entries, each with calls, templates, roots, open and reads; args.templates: entries.
function steps.use(args)
  local client = client_settings()
  local by_name, used, roots, open, direct = {}, {}, {}, {}, {}
  for _, entry in ipairs(args.scripts) do
    local key = entry.kind .. " " .. entry.name
    by_name[key] = by_name[key] or {}
    table.insert(by_name[key], entry)
    for _, root in ipairs(entry.roots or {}) do roots[root] = true end
    for _, path in ipairs(entry.open or {}) do open[path] = true end
    for _, path in ipairs(entry.templates or {}) do direct[path] = true end
  end
  local function use(key)
    for _, entry in ipairs(by_name[key] or {}) do
      if not used[entry.path] then
        used[entry.path] = true
        for _, name in ipairs(entry.calls or {}) do use("action " .. name) end
        for _, path in ipairs(entry.templates or {}) do used[path] = true end
      end
    end
  end
  for key, entries in pairs(by_name) do
    local first = entries[1] -- the nearest layer's
    if first.index == 1 or (first.kind == "recipe" and is_on(first.name, client)) then use(key) end
  end

  -- What others include is looked at where it is included.
  local included = {}
  for _, entry in ipairs(args.templates) do
    if entry.index == 1 then used[entry.path] = true end
    for name in std.read(entry.file, entry.index):gmatch("{{%s*[><]%s*([^%s}]+)%s*}}") do
      local path = references.template(name)
      if path then included[path] = true end
    end
  end
  for path in pairs(direct) do included[path] = nil end
  return { used = used, roots = roots, open = open, included = included,
    givers = givers(by_name) }
end

-- ---- template: one template in one layer ----

local examples = { "conversation", "contact", "message", "teammate", "inbox", "comment" }

local function example_roots(client)
  local roots = { client = client or true, vars = client and table_of(client, "vars") or true }
  for _, name in ipairs(examples) do
    local sample = std.read("lua/front/samples/" .. name .. ".json")
    local ok, shape = pcall(json.decode, sample or "")
    roots[name] = ok and shape or true
  end
  return roots
end

-- Whether a script may give what FINDING misses: more of a thing than Front's example of it has.
local function may_be_given(finding)
  local root = finding.name:match("^[^.]+")
  for _, name in ipairs(examples) do
    if root == name and finding.name ~= name then return finding.unknown end
  end
  return finding.unknown and finding.nested and root ~= "client" and root ~= "vars"
end

-- args.entry and what `use` returned
function steps.template(args)
  local mistakes, add = collector()
  local entry = args.entry
  local mustache, template = std.part("mustache"), std.part("template")
  local ok, tree = pcall(mustache.parse, std.read(entry.file, entry.index), entry.path)
  if not ok then
    local path, line, sentence = take_apart(tree, { entry.path })
    add(path, line, "syntax error: " .. sentence, "always")
    return { mistakes = mistakes }
  end
  local _, nearest = template.find(entry.name)
  if args.included[entry.path] or nearest.path ~= entry.path then return { mistakes = mistakes } end
  local roots = example_roots(client_settings())
  for name in pairs(args.roots) do
    if roots[name] == nil then roots[name] = true end
  end
  local open = args.open["*"] or args.open[entry.path]
  std.part("model").check(tree, roots, function(finding)
    if open and roots[finding.name:match("^[^.]+")] == nil then return end
    local giver = args.givers[entry.path]
    if giver and may_be_given(finding) then
      add(finding.template, finding.line, ("%s, unless %s gives it"):format(finding.message, giver), "note")
    else
      add(finding.template, finding.line, finding.message)
    end
  end, {
    null = std.null, is_list = json.is_array,
    partial = function(name)
      local found, partial = pcall(template.get, name)
      return found and partial or nil
    end,
  })
  return { mistakes = mistakes }
end

-- args: {step, …}
return function(args)
  return steps[args.step](args)
end
