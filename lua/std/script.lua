-- script: loads definitions from the layers. A file returns one table; `super{…}` merges it into the next
-- layer's.
local std = ...

local script = {}

-- Returns the definition in FILE and its info, from the nearest layer that is not before the layer number FROM;
-- nil when there is none, and a sentence when it is on the disk alone. info = {path, file, client, layer, hash, index,
-- own = the table of this file alone, below = info of the file below, if `super` was used}
function script.load(file, from, client)
  local chunk, info
  local function super(over)
    if type(over) ~= "table" then
      std.part("errors").raise(info, "super", "super takes one table, as in super { run = … }")
    end
    local base, below = script.load(file, info.index + 1, client)
    if not base then std.part("errors").nothing_below(info) end
    info.below, info.own = below, over
    return std.part("override")(base, over)
  end
  chunk, info = std.load(file, from, client, { super = super })
  if not chunk then return nil, info end
  info.client = client
  local definition = chunk()
  if type(definition) ~= "table" then
    std.part("errors").raise(info, nil, ("returns a %s: a script returns one table, as in return { summary = …, "
      .. "run = … }"):format(type(definition)))
  end
  info.own = info.own or definition
  return definition, info
end

-- "front/list-inboxes" -> "front", "list-inboxes"
function script.split(name)
  local app, rest = name:match("^([%w][%w._-]*)/([%w][%w._-]*)$")
  return app, rest
end

local folders = { action = "actions", trigger = "triggers" }

-- Returns the file of an action, trigger or recipe; nil when NAME cannot be the name of one.
function script.file(kind, name)
  if type(name) ~= "string" then return nil end
  if kind == "recipe" then
    if not name:match("^[%w][%w._-]*$") then return nil end
    return "recipes/" .. name .. ".lua"
  end
  local app, rest = script.split(name)
  if not app then return nil end
  return "lua/" .. app .. "/" .. folders[kind] .. "/" .. rest .. ".lua"
end

-- Returns every app that has a connector, sorted.
function script.apps(client)
  local apps = {}
  for _, app in ipairs(std.list("lua", client)) do
    -- not from the client's layer: the agency decides which hosts get a token
    local ok, text = pcall(std.read, "lua/" .. app .. "/connector.lua", 2, client)
    -- a connector that cannot be read exists: std.connector reports the error
    if text or not ok then apps[#apps + 1] = app end
  end
  return apps
end

-- Returns all names of a kind: "front/list-inboxes", …, or "digest", …
function script.names(kind, client)
  local names = {}
  local function add(prefix, folder)
    for _, file in ipairs(std.list(folder, client)) do
      local name = file:match("^(.+)%.lua$")
      if name then names[#names + 1] = prefix .. name end
    end
  end
  if kind == "recipe" then
    add("", "recipes")
  else
    for _, app in ipairs(script.apps(client)) do
      add(app .. "/", "lua/" .. app .. "/" .. folders[kind])
    end
  end
  return names
end

-- Returns the words of NAME in a row: "front", "tag", "conversation".
local function words_of(name)
  local words = {}
  for word in name:gmatch("%w+") do words[#words + 1] = word end
  return words
end

-- Whether each word of NAME begins with the same letter as the word at its place in OTHER, as after a slip.
local function begins_alike(name, other)
  local theirs = words_of(other)
  for i, word in ipairs(words_of(name)) do
    if not theirs[i] or theirs[i]:sub(1, 1) ~= word:sub(1, 1) then return false end
  end
  return true
end

-- Returns the shortest of NAMES that has all words of NAME, in any order; nil when none has.
local function with_words(name, names)
  local best
  for _, other in ipairs(names) do
    local theirs, has = {}, true
    for _, word in ipairs(words_of(other)) do theirs[word] = true end
    for _, word in ipairs(words_of(name)) do has = has and theirs[word] end
    if has and (not best or #other < #best or #other == #best and other < best) then best = other end
  end
  return best
end

-- Returns the one of NAMES that NAME may be meant as, or nil.
local function similar(name, names)
  local near = std.nearest(name, names)
  if near and begins_alike(name, near) then return near end
  return with_words(name, names) or near
end

local checked = {}

-- Returns the definition NAME of KIND for the run's client (or CLIENT), complete and checked, and its info. Fails with
-- a sentence that suggests a similar name.
function script.get(kind, name, client)
  local key = kind .. " " .. tostring(name)
  local hit = checked[key]
  if hit and not client then return hit[1], hit[2] end
  local file = script.file(kind, name)
  local definition, info
  if file then definition, info = script.load(file, 1, client) end
  if not definition and info then std.fail("not_found", info) end -- it is on the disk, and in no release
  if not definition then
    local near = similar(tostring(name), script.names(kind, client))
    std.fail("not_found", ("there is no %s %q%s; `foyer %ss` lists them"):format(kind,
      tostring(name), near and "; did you mean \"" .. near .. "\"?" or "", kind))
  end
  if not info.is_checked then
    std.part("definition").hold(kind, definition, info)
    std.mark_sound(file, info.index, client)
  end
  if kind == "action" and definition.request then std.part("declared").complete(definition) end
  checked[key] = { definition, info }
  return definition, info
end

return script
