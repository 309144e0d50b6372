-- For the worker, `foyer poll` and `foyer heal`: what must be looked at for the run's client, going by the triggers
-- that its switched-on recipes listen to and those of args.waited, for which a run waits.
-- -> {polls = [{app, trigger}], apps = [app whose events can be listed], broken = [{recipe, why}]}
local std = ...
local script = std.part("script")

return function(args)
  local listening = std.part("listening")({})
  local wanted, broken = listening.heard(), listening.broken()
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
