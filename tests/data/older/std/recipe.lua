-- recipe: runs a recipe for the run's client, by hand or for an event.
local std = ...
local script, schema, call = std.part("script"), std.part("schema"), std.part("call")

local recipe = {}

-- args: {recipe, words, input, event, conversation, fired, trigger}; FIRED: the event is as "deliver"
-- made it, TRIGGER: of what, when the recipe could not be asked whether it listens
function recipe.run(args, fields_input)
  local definition = script.get("recipe", args.recipe)
  if args.trigger and args.trigger ~= definition.on then
    std.ctx.skip(("%s does not listen to %s"):format(args.recipe, args.trigger))
  end
  local trigger = definition.on and not args.fired and script.get("trigger", definition.on)
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
  -- what hands in an event is a part of its own: most runs need none of it
  local event = args.fired and args.event or { type = "manual", payload = { type = "manual" } }
  if not args.fired and (args.event or args.conversation or definition.on) then
    event = std.part("manual")(args, definition, trigger)
  end
  args.event = nil -- the scope gets a copy: this one need not outlive it
  return call.scope("recipe", args.recipe, "", "write", event, options, definition.run)
end

return recipe
