-- For the worker, `foyer poll` and `foyer heal`: what must be looked at for the run's client, going by the triggers
-- that its switched-on recipes listen to and those of args.waited, for which a run waits.
-- -> {polls = [{app, trigger}], apps = [app whose events can be listed], broken = [{recipe, why}]}
local std = ...
local script = std.part("script")

-- Adds the triggers that the text of the recipe NAME names, which cannot be loaded.
local function add_named(wanted, name)
  local source = std.read(script.file("recipe", name)) or ""
  for trigger in source:gmatch("\"([%w][%w._-]*/[%w][%w._-]*)\"") do
    wanted[trigger] = std.read(script.file("trigger", trigger)) and true or wanted[trigger]
  end
end

-- Returns the set of the triggers that switched-on recipes listen to, and those recipes that cannot be loaded.
local function listened_to()
  local wanted, broken = {}, json.array({})
  for name in pairs(std.part("recipe_settings")(std.client(), std.workspace()).on()) do
    local ok, recipe = pcall(script.get, "recipe", name)
    if not ok then
      local why = std.part("errors").describe(recipe, "the recipe " .. name).message
      broken[#broken + 1] = { recipe = name, why = why }
      add_named(wanted, name)
    elseif recipe.on then
      wanted[recipe.on] = true
    end
  end
  return wanted, broken
end

return function(args)
  local wanted, broken = listened_to()
  for _, name in ipairs(args.waited or {}) do wanted[name] = true end
  local polls, apps, has = json.array({}), json.array({}), {}
  for name in pairs(wanted) do
    local app = script.split(name)
    local ok, trigger = pcall(script.get, "trigger", name)
    if not ok then
      broken[#broken + 1] = { recipe = name, why = std.part("errors").describe(trigger, name).message }
    elseif trigger.poll then
      polls[#polls + 1] = { app = app, trigger = name }
    elseif not has[app] and (std.connector(app).events or {}).sweep then
      has[app] = true
      apps[#apps + 1] = app
    end
  end
  return { polls = polls, apps = apps, broken = broken }
end
