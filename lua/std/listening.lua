-- listening: which triggers to ask about an event, and which recipes of the run's client listen to them. What follows
-- from scripts and settings alone is worked out once in a process for each client, so that the number of scripts does
-- not count for a delivery.
local std = ...
local script = std.part("script")

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
local function look()
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
-- it; those of "!" cannot be loaded. Returns it, and whether the client has a trigger of its own.
local function make_index(app)
  local by_type, types, own = {}, {}, false
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
      if not ok then info = select(2, std.read(script.file("trigger", name))) end
      own = own or info ~= nil and info.index == 1
      for _, kind in ipairs(ok and trigger.on or { "!" }) do add(kind, name) end
    end
  end
  local lines = { "" }
  for _, kind in ipairs(types) do
    if not kind:find("[\t\n]") then lines[#lines + 1] = kind .. "\t" .. table.concat(by_type[kind], " ") end
  end
  return table.concat(lines, "\n") .. "\n", own
end

-- Returns the index of APP's triggers for the run's client. Clients without triggers of their own share one.
local function index_of(app)
  local key = "triggers " .. app
  local own = std.recall(key, true)
  if own then return own ~= "" and own or std.recall(key) end
  local index, has_own = make_index(app)
  std.remember(key, has_own and index or "", true)
  if not has_own then std.remember(key, index) end
  return index
end

-- WANTED: the set of the triggers that a run waits for.
return function(wanted)
  local listening, known = {}, nil

  local function facts()
    if known then return known end
    local text = std.recall("listening", true)
    if text then
      known = json.decode(text)
    else
      local found, lasts = look()
      known = found
      if lasts then std.remember("listening", json.encode(found), true) end
    end
    return known
  end

  -- Returns APP's triggers whose `on` has one of TYPES or "*", and those that cannot be loaded: a list of {name,
  -- is_for_all, is_broken}, sorted by name.
  function listening.triggers(app, types)
    local index, list, seen = index_of(app), {}, {}
    for _, kind in ipairs({ "!", "*", types[1] or "*", types[2] or "*" }) do
      local _, stop = index:find("\n" .. kind .. "\t", 1, true)
      for name in (stop and index:match("^[^\n]*", stop + 1) or ""):gmatch("[^ ]+") do
        if not seen[name] then
          list[#list + 1] = { name = name, is_for_all = kind == "*", is_broken = kind == "!" }
        end
        seen[name] = true
      end
    end
    table.sort(list, function(a, b) return a.name < b.name end)
    return list
  end

  -- Returns the recipes that TRIGGER starts. A recipe that cannot be loaded is one of them if its text names the
  -- trigger: its run is dead at once, so that it is seen, and can be retried when the file is repaired.
  function listening.recipes(trigger)
    local list = json.array({})
    for i, recipe in ipairs(facts().recipes[trigger] or {}) do
      list[i] = {}
      for key, value in pairs(recipe) do list[i][key] = value end
    end
    for _, one in ipairs(facts().broken) do
      local source = std.read("recipes/" .. one.recipe .. ".lua")
      if source and source:find("\"" .. trigger .. "\"", 1, true) then
        list[#list + 1] = { name = one.recipe, on = true, trigger = trigger }
      end
    end
    return list
  end

  -- Returns the recipes that cannot be loaded, {recipe, why}, if listeners were looked for at all.
  function listening.broken() return known and known.broken or json.array({}) end

  -- Whether a run waits for TRIGGER, or may wait for it later.
  function listening.is_awaited(trigger)
    return wanted[trigger] or facts().awaited[trigger] or facts().awaited["*"] or false
  end

  -- Returns the recipes that listen to TRIGGER but are not switched on. Loads only those whose text may name the
  -- trigger: there can be many.
  function listening.not_on(trigger)
    local key = "not on " .. trigger
    local text = std.recall(key, true)
    if text then return json.decode(text) end
    local names, on = json.array({}), facts().on
    for _, name in ipairs(script.names("recipe")) do
      local source = not on[name] and std.read("recipes/" .. name .. ".lua")
      if source and (source:find(trigger, 1, true) or source:find("super", 1, true)) then
        local ok, definition = pcall(script.get, "recipe", name)
        if ok and definition.on == trigger then names[#names + 1] = name end
      end
    end
    std.remember(key, json.encode(names), true)
    return names
  end

  return listening
end
