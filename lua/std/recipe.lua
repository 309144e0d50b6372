-- recipe: runs a recipe for the run's client, by hand or for an event.
local std = ...
local script, schema, call = std.part("script"), std.part("schema"), std.part("call")

local recipe = {}

-- Recipes see one shape: {type, authorization?, payload}. A rule webhook's body is the bare event
-- (it has emitted_at and conversation at its top): it is wrapped.
local function envelope(event)
  if type(event) == "table" and type(event.payload) == "table" then return event end
  if type(event) == "table" and event.payload == nil
    and (event.emitted_at or type(event.conversation) == "table") then
    return { type = event.type, payload = event }
  end
  std.fail("invalid", "the event is neither {type, payload = {…}}, as an application webhook "
    .. "delivers it, nor the bare event of a rule")
end

-- The event that a recipe with `on` gets when a person runs it.
local function manual_event(args, definition)
  -- a recipe without a trigger takes whatever it is given
  if args.event then return definition.on and envelope(args.event) or args.event end
  if args.conversation then
    local app = definition.on and script.split(definition.on) or "front"
    local conversation = call.scope("recipe", args.recipe, "", "read", {}, nil, function(ctx)
      return ctx.call(app .. "/get-conversation", { conversation_id = args.conversation })
    end)
    return { type = "manual", payload = { type = "manual", conversation = conversation } }
  end
  if definition.on then
    std.fail("usage", ("cannot run %s by hand without its event: give --conversation ID or "
      .. "--event FILE"):format(args.recipe))
  end
  return { type = "manual", payload = { type = "manual" } }
end

-- args: {recipe, words, input, event, conversation}
function recipe.run(args, fields_input)
  local definition = script.get("recipe", args.recipe)
  if definition.on then script.get("trigger", definition.on) end
  local given = std.options(args.recipe)
  for key, value in pairs(fields_input(definition.options or {}, args)) do given[key] = value end
  local ok, options = pcall(schema.apply, definition.options or {}, given, "options",
    call.client())
  if not ok then
    if type(options) == "table" and options.kind == "invalid" then
      std.fail("invalid", ("cannot run %s: %s"):format(args.recipe, options.message))
    end
    error(options, 0)
  end
  local event = manual_event(args, definition)
  return call.scope("recipe", args.recipe, "", "write", event, options, definition.run)
end

return recipe
