-- entries: what settings say of recipes, below `recipes`. The client's word goes before the
-- workspace's, which goes before the recipe's own.

local function recipes_of(settings)
  return type(settings.recipes) == "table" and settings.recipes or {}
end

-- CLIENT and WORKSPACE are settings, as std.client() and std.workspace() give them.
return function(client, workspace)
  local entries = {}

  -- The names of the recipes that are on, as keys.
  function entries.on()
    local on = {}
    for _, settings in ipairs({ workspace, client }) do
      for name, entry in pairs(recipes_of(settings)) do on[name] = entry ~= false or nil end
    end
    return on
  end

  function entries.says(name, key)
    for _, settings in ipairs({ client, workspace }) do
      local entry = recipes_of(settings)[name]
      if type(entry) == "table" and entry[key] ~= nil then return entry[key] end
    end
  end

  -- {attempts, give_up in seconds}; each may be missing. DEFINITION is nil when it does not load.
  function entries.retry(name, definition)
    local retry = {}
    for _, layer in ipairs({ definition and definition.retry or {}, entries.says(name, "retry") or {} }) do
      retry.attempts = layer.attempts or retry.attempts
      retry.give_up = layer.give_up and text.parse_duration(layer.give_up) or retry.give_up
    end
    return retry
  end

  function entries.uncertain(name)
    return entries.says(name, "uncertain") or client.uncertain
  end

  return entries
end
