-- For `foyer work` and `foyer cron`: the recipes with cron times that the run's client has switched on.
local std = ...
local script = std.part("script")

-- Returns catch_up of a recipe: "latest" by default and for true, "none" for false.
local function catch_up(entries, name, definition)
  local word = entries.says(name, "catch_up")
  if word == nil then word = definition.catch_up end
  if word == nil or word == true then return "latest" end
  return word or "none"
end

return function()
  local entries = std.part("recipe_settings")(std.client(), std.workspace())
  local list, broken = json.array({}), json.array({})
  for name in pairs(entries.on()) do
    local ok, definition = pcall(script.get, "recipe", name)
    if not ok then
      local why = std.part("errors").describe(definition, "the recipe " .. name).message
      broken[#broken + 1] = { recipe = name, why = why }
    else
      local cron = entries.says(name, "cron") or definition.cron
      if cron then
        list[#list + 1] = {
          name = name, cron = cron, catch_up = catch_up(entries, name, definition),
          retry = entries.retry(name, definition), uncertain = entries.uncertain(name),
        }
      end
    end
  end
  return { recipes = list, broken = broken }
end
