-- by_hand: makes the event of a run by hand, from --event, --sample, --at or --conversation.
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

-- Returns the Unix seconds at which the clocks of ZONE show WHEN, "2026-12-01 08:00".
local function at_clocks(when, zone)
  if not when:match("^%d%d%d%d%-%d%d%-%d%d %d%d:%d%d$") then
    std.fail("usage", ("--at is a time of the client's clocks such as \"2026-12-01 08:00\", not \"%s\""):format(when))
  end
  local wanted = text.parse_time(when .. "Z")
  local at = wanted
  for _ = 1, 2 do -- the second round is for a change of the clocks in between
    at = at + wanted - text.parse_time(text.time(at, "%FT%TZ", zone))
  end
  return at
end

-- Returns the event of a cron time, as foyer work makes it.
local function slot(args)
  local zone = call.client().timezone or std.workspace().timezone or "UTC"
  return { type = "cron", payload = { type = "cron", at = at_clocks(args.at, zone) } }
end

-- Returns the event for a recipe that a person runs. TRIGGER: the definition of its `on`.
return function(args, definition, trigger)
  if args.at then return slot(args) end
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
