-- call: ctx, one table per scope, and what calls other scripts.
local std = ...
local script, schema = std.part("script"), std.part("schema")

local call = {}

local settings

-- The client's settings; scripts get copies of their own.
function call.client()
  settings = settings or std.client()
  return settings
end

-- Few runs use these: their part is loaded when one does.
local function sleep(duration) return std.part("wait").sleep(duration) end
local function wait_for(trigger, match, duration)
  return std.part("wait").wait_for(trigger, match, duration)
end
local store = {}
function store.get(key) return std.part("wait").get(key) end
function store.set(key, value) return std.part("wait").set(key, value) end

-- A context for one script; OPTIONS are a recipe's.
function call.context(options)
  local client = std.client()
  local ctx = {
    client = client, vars = client.vars or {}, options = options or {}, http = std.http,
    now = std.ctx.now, log = std.ctx.log, skip = std.ctx.skip, sleep = sleep, wait_for = wait_for,
    store = store,
  }
  function ctx.random(...) return math.random(...) end -- opens the library when it is used
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

-- Runs FN(ctx, input) in a scope of its own: input and result cross as copies. Whatever happens,
-- the guard leaves the scope. BULK: what it reads lets replies and activations go first. CATCHES:
-- retryable failures are raised.
function call.scope(kind, name, app, effect, input, options, fn, bulk, catches)
  local copy, recorded, guard <close> = std.enter(kind, name, app, effect, input, bulk, catches)
  if copy == nil then
    if recorded.error then
      std.fail(recorded.error.kind, recorded.error.message, recorded.error)
    end
    return recorded.result
  end
  input = nil -- luacheck: ignore 311 (it may be large, and the script has its copy)
  local ok, result = pcall(fn, call.context(options), copy)
  if ok then
    ok, result = pcall(std.leave, { result = result }, guard)
    if ok then return result.result end
  end
  local failure = std.part("failure").describe(result, name)
  std.leave({ error = failure }, guard)
  std.fail(failure.kind, failure.message, failure)
end

-- ctx.call: validates INPUT, turns names into ids, runs the action's outermost layer.
function call.action(name, input, bulk, catches)
  local action = script.get("action", name)
  local app = script.split(name)
  local ok, checked = pcall(schema.apply, action.input or {}, input == nil and {} or input,
    "input", call.client())
  if not ok then
    if type(checked) == "table" and checked.kind == "invalid" then
      std.fail("invalid", ("cannot call %s: %s"):format(name, checked.message))
    end
    error(checked, 0)
  end
  return call.scope("action", name, app, action.effect, checked, nil, action.run, bulk, catches)
end

return call
