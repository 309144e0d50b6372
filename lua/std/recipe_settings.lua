-- recipe_settings: reads `recipes` of the settings. The client's value takes precedence over those of its groups (the
-- one that it names last comes first), these over the workspace's, and that over the recipe's own.

local function table_of(t, key)
  return type(t) == "table" and type(t[key]) == "table" and t[key] or {}
end

-- CLIENT and WORKSPACE: settings, from std.client() and std.workspace().
return function(client, workspace)
  local settings = {}

  -- {recipes, group: its name, of: "client", "group" or "workspace"}, in order of precedence
  local layers = { { of = "client", recipes = table_of(client, "recipes") } }
  local names = table_of(client, "groups")
  for i = #names, 1, -1 do
    local group = table_of(workspace, "groups")[names[i]]
    layers[#layers + 1] = { of = "group", group = names[i], recipes = table_of(group, "recipes") }
  end
  layers[#layers + 1] = { of = "workspace", recipes = table_of(workspace, "recipes") }
  settings.layers = layers

  -- Returns the set of the recipes that are switched on.
  function settings.on()
    local on = {}
    for i = #layers, 1, -1 do
      for name, entry in pairs(layers[i].recipes) do on[name] = entry ~= false or nil end
    end
    return on
  end

  function settings.is_on(name)
    for _, layer in ipairs(layers) do
      if layer.recipes[name] ~= nil then return layer.recipes[name] ~= false end
    end
    return false
  end

  -- Returns the settings' value of KEY for the recipe NAME, or nil.
  function settings.says(name, key)
    for _, layer in ipairs(layers) do
      local entry = layer.recipes[name]
      if type(entry) == "table" and entry[key] ~= nil then return entry[key] end
    end
  end

  -- Returns {attempts, give_up in seconds}; each may be missing. DEFINITION: nil when it cannot be loaded.
  function settings.retry(name, definition)
    local retry = {}
    for _, layer in ipairs({ definition and definition.retry or {}, settings.says(name, "retry") or {} }) do
      retry.attempts = layer.attempts or retry.attempts
      retry.give_up = layer.give_up and text.parse_duration(layer.give_up) or retry.give_up
    end
    return retry
  end

  function settings.uncertain(name)
    return settings.says(name, "uncertain") or client.uncertain
  end

  return settings
end
