-- recipe: runs a recipe for the run's client, by hand or for an event.
local std = ...
local script, values, call = std.part("script"), std.part("values"), std.part("call")

local recipe = {}

-- args: {recipe, words, input, event, conversation, sample, at, fired, trigger}. fired: the event comes from the entry
-- "deliver". trigger: the trigger that fired, if the recipe could not be loaded then, so that it was unknown whether it
-- listens.
function recipe.run(args, fields_input)
  local definition = script.get("recipe", args.recipe)
  if args.trigger and args.trigger ~= definition.on then
    std.ctx.skip(("%s does not listen to %s"):format(args.recipe, args.trigger))
  end
  local trigger = definition.on and not args.fired and script.get("trigger", definition.on)
  local given = std.options(args.recipe)
  for key, value in pairs(fields_input(definition.options or {}, args)) do given[key] = value end
  local ok, options = pcall(values.apply, definition.options or {}, given, "options",
    call.client())
  if not ok then
    if type(options) == "table" and options.kind == "invalid" then
      std.fail("invalid", ("cannot run %s: %s"):format(args.recipe, options.message))
    end
    error(options, 0)
  end
  -- a part of its own, as most runs do not need it
  local event = args.fired and args.event or { type = "manual", payload = { type = "manual" } }
  if not args.fired and (args.event or args.conversation or args.sample or args.at or definition.on) then
    event = std.part("by_hand")(args, definition, trigger)
  end
  args.event = nil -- the scope has a copy: do not keep both
  return call.scope("recipe", args.recipe, "", "write", event, options, definition.run)
end

return recipe
