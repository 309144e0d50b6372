-- deliver: finds the triggers that one delivery fires for the run's client, and the recipes that they start.
local std = ...
local event = std.part("event") -- the other parts are loaded when a trigger is asked

local KEY_BYTES = 200

-- Errors that may pass: they end the attempt when they occur while an event is completed. Others are a result.
local passing = {
  auth = true, rate_limited = true, network = true, timeout = true, unavailable = true,
  store = true, internal = true,
}

-- Runs FN() in a scope of the trigger's own. Returns what FN returned, or nil and the failure.
local function in_scope(name, app, fn)
  local scope = std.part("scope")
  return scope.run(name, function() return std.enter("trigger", name, app, "read", {}) end, scope.leave, fn)
end

local function fault(sentence)
  return { why = sentence, error = true }
end

-- Asks the trigger about ENVELOPE. Returns {key} when it fires, else {why, error}. NAMED: the webhook's address names
-- the trigger, so it fires.
local function evaluate(one, name, trigger, missing, named)
  local out, envelope = {}, one.envelope
  if missing[1] then
    local ok, fetched = pcall(event.fetch, missing, one.gone)
    if not ok then
      local failure = std.part("errors").describe(fetched, name)
      if passing[failure.kind] then error(fetched, 0) end
      return { why = failure.message, error = failure.kind ~= "not_found" or nil }
    end
    out.fetched = fetched
    event.complete(envelope, fetched, one.connector)
    for _, part in ipairs(missing) do
      if event.at(envelope, part.path) == nil then
        out.why = ("there is no %s, also not in the answer of %s"):format(part.path, part.address)
        return out
      end
    end
  end
  local copy = (trigger.fires or trigger.key) and std.clone(envelope)
  if trigger.fires and not named then
    local ok, fires, why = pcall(trigger.fires, copy)
    if not ok then
      out.why, out.error = std.part("errors").describe(fires, name).message, true
    elseif not fires then
      out.why = type(why) == "string" and utf8.len(why) and why or "its `fires` returned false"
    end
    if out.why then return out end
  end
  if not trigger.key then return out end
  local ok, key = pcall(trigger.key, copy)
  if not ok then
    out.why, out.error = std.part("errors").describe(key, name).message, true
  elseif type(key) ~= "string" or key == "" or #key > KEY_BYTES or not utf8.len(key) then
    out.error = true
    out.why = ("%s: its `key` must return a text of 1 to %d bytes, not %s"):format(name, KEY_BYTES,
      type(key) == "string" and #key .. " bytes" or "a " .. type(key))
  else
    out.key = key
  end
  return out
end

local function types_of(envelope)
  local types = {}
  for _, kind in ipairs({ envelope.type or false, envelope.payload.type or false }) do
    if type(kind) == "string" and kind ~= types[1] then types[#types + 1] = kind end
  end
  return types
end

-- Why all triggers did not fire whose `on` names no type of the event.
local function mismatch(types)
  if #types == 0 then return "the event has no type" end
  return #types == 1 and ("their `on` has no \"%s\""):format(types[1])
    or ("their `on` has neither \"%s\" nor \"%s\""):format(types[1], types[2])
end

-- Why a trigger does not fire whose event lacks the object at PATH and cannot fetch it.
local function incomplete(one, name, trigger, path)
  -- The trigger itself may give a better reason: an event of that kind never has the object.
  local out = trigger.fires and in_scope(name, one.app, function()
    return evaluate(one, name, trigger, {}, false)
  end)
  return { why = out and not out.error and out.why
    or ("the event has no %s, and nothing to fetch it by"):format(path) }
end

-- Returns the event's id, if it is one of the app's own events; another server may post what has none.
local function id_of(one)
  local prefix = ((one.connector.events or {}).sweep or {}).prefix
  local path = prefix and ((one.connector.webhooks or {}).event or {}).id
  local id = path and event.at(one.envelope, path)
  return type(id) == "string" and id:sub(1, #prefix) == prefix and #id <= KEY_BYTES and id or nil
end

-- Tries one trigger on ONE delivery. Returns nil and adds to one.fired when it fires, else {why, error}.
-- NAMED: the webhook's address names the trigger.
local function try(one, name, trigger, named)
  local missing, path = event.missing(one.envelope, trigger.needs, one.connector)
  if not missing then return incomplete(one, name, trigger, path) end
  local recipes = one.listening.recipes(name)
  if missing[1] and not recipes[1] and not one.wanted[name] then
    return { why = "no recipe listens; what a preview leaves out was not fetched" }
  end
  local out, failure = in_scope(name, one.app, function()
    return evaluate(one, name, trigger, missing, named)
  end)
  if failure then
    if passing[failure.kind] then std.fail(failure.kind, failure.message, failure) end
    return fault(failure.message)
  end
  if out.fetched then event.complete(one.envelope, out.fetched, one.connector) end
  if out.why then return out end
  local conversation = event.at(one.envelope, "payload.conversation.id")
  if type(conversation) ~= "string" then conversation = nil end
  for _, recipe in ipairs(recipes) do recipe.order = conversation end
  one.fired[#one.fired + 1] = {
    trigger = name, key = out.key, id = not out.key and id_of(one) or nil, conversation = conversation,
    recipes = recipes, not_on = one.listening.not_on(name),
  }
end

-- Returns the definition of the trigger NAME; nil and the fault when it cannot be loaded.
local function definition_of(name)
  local ok, trigger = pcall(std.part("script").get, "trigger", name)
  if ok then return trigger end
  return nil, fault(std.part("errors").describe(trigger, name).message)
end

-- Why NAME, which no recipe listens to, was not asked.
local function unheard(one, name)
  local not_on = one.listening.not_on(name)
  return { why = "no recipe that is switched on listens to it"
    .. (not_on[1] and "; not switched on: " .. table.concat(not_on, ", ") or "") }
end

-- Asks the triggers that are for events of TYPES. A trigger that no recipe listens to costs nothing: it is not loaded.
local function ask_all(one, types, quiet)
  for _, asked in ipairs(one.listening.triggers(one.app, types)) do
    local name, out = asked.name, nil
    if asked.is_broken or one.listening.is_heard(name) then
      local trigger, failure = definition_of(name)
      out = failure
      if trigger and not asked.is_broken then out = try(one, name, trigger, false) end
    elseif not asked.is_for_all then
      out = unheard(one, name)
    end
    if out then quiet[#quiet + 1] = { trigger = name, why = out.why, error = out.error } end
  end
end

-- Asks the trigger that the webhook's address names. Returns why it does not fire, or nil.
local function ask_named(one, only)
  local name = one.app .. "/" .. only
  if not std.part("script").file("trigger", name) then name = one.app .. "/?" end
  local trigger, out = definition_of(name)
  if trigger then out = try(one, name, trigger, true) end
  return out and { trigger = name, why = out.why, error = out.error }
end

-- args: {app, body, trigger, wanted}. Returns what the worker commits: {envelope, fired, quiet, others, broken, why}:
-- `others` says in one sentence why triggers did not fire that `quiet` does not name.
return function(args)
  local connector = std.connector(args.app)
  local quiet, envelope = json.array({}), event.shape(args.body, connector)
  local one = {
    app = args.app, connector = connector, envelope = envelope, fired = json.array({}), wanted = {}, gone = {},
  }
  if not envelope then return { fired = one.fired, quiet = quiet, broken = json.array({}), why = event.NEITHER } end
  for _, name in ipairs(args.wanted or {}) do one.wanted[name] = true end
  one.listening = std.part("listening")(one.wanted)
  local types, others = types_of(envelope), nil
  if args.trigger ~= nil then
    quiet[1] = ask_named(one, args.trigger)
  else
    ask_all(one, types, quiet)
    others = mismatch(types)
  end
  return {
    envelope = one.fired[1] and envelope, fired = one.fired, quiet = quiet, others = others,
    broken = one.listening.broken(),
  }
end
