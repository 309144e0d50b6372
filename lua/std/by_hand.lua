-- by_hand: makes the event of a run by hand, from --event, --sample or --conversation.
local std = ...
local script, call = std.part("script"), std.part("call")

-- Returns BODY, as a webhook would deliver it, in the shape and as complete as the trigger promises.
local function delivered(body, name, trigger)
  local event, app = std.part("event"), script.split(name)
  local connector = std.connector(app)
  local envelope = event.shape(body, connector)
  if not envelope then std.fail("invalid", event.NEITHER) end
  local missing, path = event.missing(envelope, trigger.needs, connector)
  if not missing then
    std.fail("invalid", ("the event has no %s, which %s needs, and nothing to fetch it by"):format(
      path, name))
  end
  if missing[1] then
    event.complete(envelope, call.scope("trigger", name, app, "read", {}, nil, function()
      return event.fetch(missing)
    end), connector)
  end
  return envelope
end

-- Returns the event for a recipe that a person runs. TRIGGER: the definition of its `on`.
return function(args, definition, trigger)
  if args.sample then
    if not trigger then
      std.fail("usage", ("cannot run %s with --sample: it has no `on`, and so no event"):format(args.recipe))
    end
    return delivered(std.part("sample")(definition.on, trigger), definition.on, trigger)
  end
  -- a recipe without a trigger takes any event
  if args.event then return trigger and delivered(args.event, definition.on, trigger) or args.event end
  if args.conversation then
    local app = definition.on and script.split(definition.on) or "front"
    local conversation = call.scope("recipe", args.recipe, "", "read", {}, nil, function(ctx)
      return ctx.call(app .. "/get-conversation", { conversation_id = args.conversation })
    end)
    return { type = "manual", payload = { type = "manual", conversation = conversation }, actor = { kind = "unknown" } }
  end
  std.fail("usage", ("cannot run %s by hand without its event: give --conversation ID, "
    .. "--event FILE, --event with a delivery's number, or --sample"):format(args.recipe))
end
