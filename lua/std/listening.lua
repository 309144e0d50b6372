-- listening: which triggers to ask about an event, and which recipes of the run's client listen to them. What follows
-- from scripts and settings alone is worked out once in a process for each client (listeners.lua), so that the number
-- of scripts does not count for a delivery.
local std = ...

-- Returns the index of APP's triggers for the run's client. Clients without triggers of their own share one.
local function index_of(app)
  local key = "triggers " .. app
  local own = std.recall(key, true)
  if own then return own ~= "" and own or std.recall(key) end
  local index, has_own, lasts = std.part("listeners").index(app)
  if not lasts then return index end
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
      return known
    end
    local lasts
    known, lasts = std.part("listeners").of_client()
    if lasts then
      std.remember("listening", json.encode(known), true)
      std.remember("heard", std.part("listeners").heard(known), true)
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

  -- Whether a recipe listens to TRIGGER, or a run waits for it or may wait for it later.
  function listening.is_heard(trigger)
    if wanted[trigger] then return true end
    local heard = std.recall("heard", true)
    if heard and not heard:find("\n" .. trigger .. "\n", 1, true) and not heard:find("\n*\n", 1, true) then
      return false
    end
    local awaited = facts().awaited
    return awaited[trigger] or awaited["*"] or listening.recipes(trigger)[1] ~= nil
  end

  -- Returns the recipes that listen to TRIGGER but are not switched on. Loads only those whose text may name the
  -- trigger: there can be many.
  function listening.not_on(trigger)
    local key = "not on " .. trigger
    local text = std.recall(key, true)
    local names = json.array({})
    if text then
      for name in text:gmatch("[^ ]+") do names[#names + 1] = name end
      return names
    end
    names = std.part("listeners").not_on(trigger, facts().on)
    std.remember(key, table.concat(names, " "), true)
    return names
  end

  return listening
end
