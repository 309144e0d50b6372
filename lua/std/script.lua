-- script: definitions from the layers. A file returns one table; `super{…}` lays it over the
-- next layer's.
local std = ...

local script = {}

-- How many arguments each function of a definition takes: an overriding function gets the
-- inherited one after these.
local arity = { run = 2, confirm = 3, key = 1, fires = 1 }

local function is_list(t)
  return json.is_array(t) and #t > 0 and next(t) == 1 and rawlen(t) == #t
end

-- A field such as { "boolean", default = true } has a position and keys: it is a map here.
local function is_plain_list(t)
  if not is_list(t) then return false end
  for key in pairs(t) do
    if type(key) ~= "number" then return false end
  end
  return true
end

local function merge(base, over)
  local merged = {}
  for key, value in pairs(base) do merged[key] = value end
  for key, value in pairs(over) do
    local old = merged[key]
    if type(value) == "table" and type(old) == "table" and not is_plain_list(value) then
      merged[key] = merge(old, value)
    else
      merged[key] = value
    end
  end
  return merged
end

local function override(inherited, own, name)
  local n = arity[name]
  if n == 1 then return function(a) return own(a, inherited) end end
  if n == 2 then return function(a, b) return own(a, b, inherited) end end
  return function(a, b, c) return own(a, b, c, inherited) end
end

local function lay_over(base, over)
  local merged = merge(base, over)
  for name in pairs(arity) do
    if type(over[name]) == "function" and type(base[name]) == "function" then
      merged[name] = override(base[name], over[name], name)
    end
  end
  return merged
end

-- A mistake of the whole file, at the first line that names WORD, else at its `return`.
local function fail_at(info, word, sentence)
  local source = std.read(info.file, info.index, info.client)
  local line = word and std.part("source").line_of(std.part("source").read(source), word)
  std.fail("script", ("%s:%d: %s"):format(info.path, line or std.line(source, ""), sentence))
end

local function nothing_below(info)
  local folder, own = info.file:match("^(.*)/([^/]+)$")
  local others = {}
  for _, name in ipairs(std.list(folder, info.client)) do
    if name ~= own and std.read(folder .. "/" .. name, info.index + 1, info.client) then
      others[#others + 1] = name
    end
  end
  local near = std.nearest(own, others)
  fail_at(info, "super", ("super has nothing to lie over: no layer below has %s; %s"):format(
    info.file, near and "did you mean to call this file \"" .. near .. "\"?"
      or "return a whole definition, without super"))
end

-- The definition in FILE, nearest layer first from layer number FROM; nil when there is none.
-- info = {path, file, client, layer, hash, index, own = what this file itself says,
-- below = info of what it lies over}
function script.load(file, from, client)
  local chunk, info
  local function super(over)
    if type(over) ~= "table" then
      fail_at(info, "super", "super takes one table, as in super { run = … }")
    end
    local base, below = script.load(file, info.index + 1, client)
    if not base then nothing_below(info) end
    info.below, info.own = below, over
    return lay_over(base, over)
  end
  chunk, info = std.load(file, from, client, { super = super })
  if not chunk then return nil end
  info.client = client
  local definition = chunk()
  if type(definition) ~= "table" then
    fail_at(info, nil, ("returns a %s: a script returns one table, as in return { summary = …, "
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

-- The file of an action, trigger or recipe; nil when NAME cannot be one.
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

-- Every app that has a connector, sorted.
function script.apps(client)
  local apps = {}
  for _, app in ipairs(std.list("lua", client)) do
    -- from the workspace's layer on: which hosts get a token is the agency's to say
    if std.read("lua/" .. app .. "/connector.lua", 2, client) then apps[#apps + 1] = app end
  end
  return apps
end

-- All names of a kind: "front/list-inboxes", …, or "digest", …
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

local checked = {}

-- The definition NAME of KIND for the run's client, complete and checked; fails with a
-- sentence that names what is near.
function script.get(kind, name, client)
  local key = kind .. " " .. tostring(name)
  local hit = checked[key]
  if hit and not client then return hit[1], hit[2] end
  local file = script.file(kind, name)
  local definition, info
  if file then definition, info = script.load(file, 1, client) end
  if not definition then
    local near = std.nearest(tostring(name), script.names(kind, client))
    std.fail("not_found", ("there is no %s %q%s; `foyer %ss` lists them"):format(kind,
      tostring(name), near and "; did you mean \"" .. near .. "\"?" or "", kind))
  end
  if not info.is_sound then
    std.part("definition").require(kind, definition, info)
    std.mark_sound(file, info.index, client)
  end
  checked[key] = { definition, info }
  return definition, info
end

return script
