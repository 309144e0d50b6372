-- listeners: finds out from scripts and settings what listening.lua keeps.
local std = ...
local script = std.part("script")

local listeners = {}

-- Errors of a script's own text, which a process reads once. Any other may be gone at the next delivery.
local lasting = { script = true, not_found = true }

-- Calls FN(source) for FILE of each layer.
local function each_source(file, fn)
  local from = 1
  while from <= 3 do
    local source, info = std.read(file, from)
    if not source then return end
    fn(source, info)
    from = info.index + 1
  end
end

-- Adds the triggers that SOURCE waits for to AWAITED. A name that is not written out stands for all of them.
local function add_waits(awaited, source)
  local at = 1
  while true do
    local _, stop = source:find("wait_for", at, true)
    if not stop then return end
    local name = source:match("^%s*%(?%s*[\"']([^\"'\n]+)[\"']", stop + 1)
    awaited[name or "*"] = true
    at = stop + 1
  end
end

-- Returns the set of the triggers that a script may wait for: then an event counts that came before it waits.
local function find_awaited()
  local awaited = {}
  local function add(source, info)
    if info.index < 3 or not info.path:find("/actions/", 1, true) then add_waits(awaited, source) end
  end
  for _, kind in ipairs({ "recipe", "action" }) do
    for _, name in ipairs(script.names(kind)) do each_source(script.file(kind, name), add) end
  end
  return awaited
end

-- Returns {recipes = by trigger, broken, on, awaited} of the run's client.
function listeners.of_client()
  local settings = std.part("recipe_settings")(std.client(), std.workspace())
  local found, lasts = { recipes = {}, broken = json.array({}), on = settings.on() }, true
  for name in pairs(found.on) do
    local ok, definition = pcall(script.get, "recipe", name)
    if not ok then
      local failure = std.part("errors").describe(definition, "the recipe " .. name)
      found.broken[#found.broken + 1] = { recipe = name, why = failure.message }
      lasts = lasts and lasting[failure.kind] or false
    elseif definition.on then
      local list = found.recipes[definition.on] or json.array({})
      found.recipes[definition.on] = list
      list[#list + 1] = {
        name = name, on = true, cron = settings.says(name, "cron") or definition.cron,
        retry = settings.retry(name, definition), uncertain = settings.uncertain(name),
      }
    end
  end
  found.awaited = find_awaited()
  return found, lasts
end

-- Makes the index of an app's triggers: a line for each type of events, with the names of the triggers whose `on` has
-- it; those of "!" cannot be loaded. Returns it, whether the client has a trigger of its own, and whether it stays.
function listeners.index(app)
  local by_type, types, own, lasts = {}, {}, false, true
  local function add(kind, name)
    if not by_type[kind] then types[#types + 1], by_type[kind] = kind, {} end
    local names = by_type[kind]
    if names[#names] ~= name then names[#names + 1] = name end
  end
  for _, file in ipairs(std.list("lua/" .. app .. "/triggers")) do
    local name = file:match("^(.+)%.lua$")
    if name then
      name = app .. "/" .. name
      local ok, trigger, info = pcall(script.get, "trigger", name)
      if not ok then
        lasts = lasts and lasting[std.part("errors").describe(trigger, name).kind] or false
        local found, _, of = pcall(std.read, script.file("trigger", name))
        info = found and of or nil
      end
      own = own or info ~= nil and info.index == 1
      for _, kind in ipairs(ok and trigger.on or { "!" }) do add(kind, name) end
    end
  end
  local lines = { "" }
  for _, kind in ipairs(types) do
    if not kind:find("[\t\n]") then lines[#lines + 1] = kind .. "\t" .. table.concat(by_type[kind], " ") end
  end
  return table.concat(lines, "\n") .. "\n", own, lasts
end

-- Returns the text that says which triggers are heard: each on a line of its own, "*" for all.
function listeners.heard(found)
  local lines = { "" }
  for name in pairs(found.recipes) do lines[#lines + 1] = name end
  for name in pairs(found.awaited) do lines[#lines + 1] = name end
  return table.concat(lines, "\n") .. (found.broken[1] and "\n*\n" or "\n")
end

-- Returns the recipes that listen to TRIGGER but are not in ON. Loads only those whose text may name the trigger: there
-- can be many.
function listeners.not_on(trigger, on)
  local names = json.array({})
  for _, name in ipairs(script.names("recipe")) do
    local source = not on[name] and std.read("recipes/" .. name .. ".lua")
    if source and (source:find(trigger, 1, true) or source:find("super", 1, true)) then
      local ok, definition = pcall(script.get, "recipe", name)
      if ok and definition.on == trigger then names[#names + 1] = name end
    end
  end
  return names
end

return listeners
