-- The worker's and `foyer cron`'s: the recipes with cron times that the run's client has switched on.
local std = ...
local script = std.part("script")

local function recipes_of(settings)
  return type(settings.recipes) == "table" and settings.recipes or {}
end

-- What the client's entry says, else the workspace's.
local function says(name, key)
  for _, settings in ipairs({ std.client(), std.workspace() }) do
    local entry = recipes_of(settings)[name]
    if type(entry) == "table" and entry[key] ~= nil then return entry[key] end
  end
end

local function retry_of(name, definition)
  local retry = {}
  for _, layer in ipairs({ definition.retry or {}, says(name, "retry") or {} }) do
    retry.attempts = layer.attempts or retry.attempts
    retry.give_up = layer.give_up and text.parse_duration(layer.give_up) or retry.give_up
  end
  return retry
end

-- true, false or a word; nil where nobody says.
local function catch_up(name, definition)
  local word = says(name, "catch_up")
  if word == nil then word = definition.catch_up end
  if word == nil or word == true then return "latest" end
  return word or "none"
end

return function()
  local on, list, broken = {}, json.array({}), json.array({})
  for _, settings in ipairs({ std.workspace(), std.client() }) do
    for name, entry in pairs(recipes_of(settings)) do on[name] = entry ~= false or nil end
  end
  for name in pairs(on) do
    local ok, definition = pcall(script.get, "recipe", name)
    if not ok then
      local why = std.part("failure").describe(definition, "the recipe " .. name).message
      broken[#broken + 1] = { recipe = name, why = why }
    else
      local cron = says(name, "cron") or definition.cron
      if cron then
        list[#list + 1] = {
          name = name, cron = cron, catch_up = catch_up(name, definition),
          retry = retry_of(name, definition),
          uncertain = says(name, "uncertain") or std.client().uncertain,
        }
      end
    end
  end
  return { recipes = list, broken = broken }
end
