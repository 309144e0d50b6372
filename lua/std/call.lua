-- call: makes ctx, one table for each scope, and calls actions.
local std = ...
local script, scope, values = std.part("script"), std.part("scope"), std.part("values")

local call = {}

local settings

-- Returns the client's settings. Do not hand them to scripts: each gets a copy of its own.
function call.client()
  settings = settings or std.client()
  return settings
end

-- Few runs use these, so their part is loaded at the first use.
local function sleep(duration) return std.part("wait").sleep(duration) end
local function wait_for(trigger, match, duration)
  return std.part("wait").wait_for(trigger, match, duration)
end
local store = {}
function store.get(key) return std.part("wait").get(key) end
function store.set(key, value) return std.part("wait").set(key, value) end
local hours = {}
for _, name in ipairs { "is_open", "opens_at", "closes_at", "between", "after", "is_away" } do
  hours[name] = function(...) return std.part("hours")[name](...) end
end

-- Returns the ctx of one script. OPTIONS: a recipe's.
function call.context(options)
  local client = std.client()
  local ctx = {
    client = client, vars = client.vars or {}, options = options or {}, http = std.http,
    now = std.ctx.now, log = std.ctx.log, skip = std.ctx.skip, sleep = sleep, wait_for = wait_for,
    store = store, hours = hours,
  }
  function ctx.random(...) return math.random(...) end -- C opens the library at the first use
  function ctx.call(name, input, more)
    if more == nil then return call.action(name, input) end
    return std.part("catch")(name, input, more)
  end
  function ctx.template(name, data) return std.part("template").render(name, data, ctx) end
  function ctx.each(action, input, state, fn, more)
    return std.part("each")(action, input, state, fn, more)
  end
  return ctx
end

-- Runs FN(ctx, input) in a scope of its own, as std.enter opens it, and raises its failure.
function call.scope(kind, name, app, effect, input, options, fn, bulk, catches)
  local result, failure = scope.run(name, function()
    local given = input
    input = nil -- it may be large, and the script gets a copy: do not keep both
    return std.enter(kind, name, app, effect, given, bulk, catches)
  end, scope.leave, function(copy) return fn(call.context(options), copy) end)
  if failure then std.fail(failure.kind, failure.message, failure) end
  return result
end

-- ctx.call: checks INPUT, turns names into ids, runs the action's nearest layer. BULK, CATCHES: as in std.enter.
function call.action(name, input, bulk, catches)
  local action = script.get("action", name)
  local app = script.split(name)
  if input == nil then input = {} end
  local ok, checked = pcall(function()
    local fields = action.request and std.part("declared").fields(action, input) or action.input or {}
    return values.apply(fields, input, "input", call.client())
  end)
  if not ok then
    if type(checked) == "table" and checked.kind == "invalid" then
      std.fail("invalid", ("cannot call %s: %s"):format(name, checked.message))
    end
    error(checked, 0)
  end
  local run = std.dry() and action.effect ~= "read" and std.part("dry").run(action) or action.run
  return call.scope("action", name, app, action.effect, checked, nil, run, bulk, catches)
end

return call
