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

-- A context for one script; OPTIONS are a recipe's.
function call.context(options)
  local client = std.client()
  local ctx = {
    client = client, vars = client.vars or {}, options = options or {}, http = std.http,
    now = std.ctx.now, log = std.ctx.log, skip = std.ctx.skip,
  }
  function ctx.random(...) return math.random(...) end -- opens the library when it is used
  function ctx.call(name, input) return call.action(name, input) end
  function ctx.template(name, data) return std.part("template").render(name, data, ctx) end
  function ctx.each(action, input, state, fn, more)
    return std.part("each")(action, input, state, fn, more)
  end
  return ctx
end

-- Runs FN(ctx, input) in a scope of its own: input and result cross as copies. Whatever happens,
-- the guard leaves the scope. BULK: what it reads lets replies and activations go first.
function call.scope(kind, name, app, effect, input, options, fn, bulk)
  local copy, recorded, guard <close> = std.enter(kind, name, app, effect, input, bulk)
  if copy == nil then
    if recorded.error then
      std.fail(recorded.error.kind, recorded.error.message, recorded.error)
    end
    return recorded.result
  end
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
function call.action(name, input, bulk)
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
  return call.scope("action", name, app, action.effect, checked, nil, action.run, bulk)
end

return call
