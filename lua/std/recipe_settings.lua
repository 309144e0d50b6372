-- recipe_settings: reads `recipes` of the settings. The client's value takes precedence over the workspace's, and that
-- over the recipe's own.

local function recipes_of(layer)
  return type(layer.recipes) == "table" and layer.recipes or {}
end

-- CLIENT and WORKSPACE: settings, from std.client() and std.workspace().
return function(client, workspace)
  local settings = {}

  -- Returns the set of the recipes that are switched on.
  function settings.on()
    local on = {}
    for _, layer in ipairs({ workspace, client }) do
      for name, entry in pairs(recipes_of(layer)) do on[name] = entry ~= false or nil end
    end
    return on
  end

  -- Returns the settings' value of KEY for the recipe NAME, or nil.
  function settings.says(name, key)
    for _, layer in ipairs({ client, workspace }) do
      local entry = recipes_of(layer)[name]
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
