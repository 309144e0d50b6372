-- manual: the event of a run by hand, from --event or --conversation.
local std = ...
local script, call = std.part("script"), std.part("call")

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
return function(args, definition)
  -- a recipe without a trigger takes whatever it is given
  if args.event then return definition.on and envelope(args.event) or args.event end
  if args.conversation then
    local app = definition.on and script.split(definition.on) or "front"
    local conversation = call.scope("recipe", args.recipe, "", "read", {}, nil, function(ctx)
      return ctx.call(app .. "/get-conversation", { conversation_id = args.conversation })
    end)
    return { type = "manual", payload = { type = "manual", conversation = conversation } }
  end
  std.fail("usage", ("cannot run %s by hand without its event: give --conversation ID or "
    .. "--event FILE"):format(args.recipe))
end
