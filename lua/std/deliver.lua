-- deliver: finds the triggers that one delivery fires for the run's client, and the recipes that they start.
local std = ...
local script, event, scope = std.part("script"), std.part("event"), std.part("scope")

local KEY_BYTES = 200

-- Errors that may pass: they end the attempt when they occur while an event is completed. Others are a result.
local passing = {
  auth = true, rate_limited = true, network = true, timeout = true, unavailable = true,
  store = true, internal = true,
}

-- Runs FN() in a scope of the trigger's own. Returns what FN returned, or nil and the failure.
local function in_scope(name, app, fn)
  return scope.run(name, function() return std.enter("trigger", name, app, "read", {}) end, scope.leave, fn)
end

-- Returns the set of recipes that the client has switched on, their list by trigger, and those that cannot be loaded.
local function listeners()
  local settings = std.part("recipe_settings")(std.client(), std.workspace())
  local on, by_trigger, broken = settings.on(), {}, json.array({})
  for name in pairs(on) do
    local ok, definition = pcall(script.get, "recipe", name)
    if not ok then
      local failure = std.part("errors").describe(definition, "the recipe " .. name)
      broken[#broken + 1] = { recipe = name, why = failure.message }
    elseif definition.on then
      local list = by_trigger[definition.on] or json.array({})
      by_trigger[definition.on] = list
      list[#list + 1] = {
        name = name, on = true, cron = settings.says(name, "cron") or definition.cron,
        retry = settings.retry(name, definition), uncertain = settings.uncertain(name),
      }
    end
  end
  return on, by_trigger, broken
end

-- Returns the recipes that TRIGGER starts. A recipe that cannot be loaded is one of them if its text names the trigger:
-- its run is dead at once, so that it is seen, and can be retried when the file is repaired.
local function listening(trigger, by_trigger, broken)
  local list = by_trigger[trigger] or json.array({})
  for _, one in ipairs(broken) do
    local source = std.read("recipes/" .. one.recipe .. ".lua")
    if source and source:find("\"" .. trigger .. "\"", 1, true) then
      list[#list + 1] = { name = one.recipe, on = true, trigger = trigger }
    end
  end
  return list
end

-- Returns the recipes that listen to TRIGGER but are not switched on. Loads only those whose text may name the trigger:
-- there can be many.
local function not_on(trigger, on)
  local names = json.array({})
  for _, name in ipairs(script.names("recipe")) do
    local source = not on[name] and std.read("recipes/" .. name .. ".lua")
    if source and (source:find(trigger, 1, true) or source:find("super", 1, true)) then
      local ok, definition = pcall(script.get, "recipe", name)
      if ok and definition.on == trigger then names[#names + 1] = name end
    end
  end
  return names
end

local function fault(sentence)
  return { why = sentence, error = true }
end

-- Asks the trigger about ENVELOPE. Returns {key} when it fires, else {why, error}. NAMED: the webhook's address names
-- the trigger, so it fires. GONE: addresses that other triggers could not fetch.
local function evaluate(name, trigger, envelope, missing, named, gone)
  local out = {}
  if missing[1] then
    local ok, fetched = pcall(event.fetch, missing, gone)
    if not ok then
      local failure = std.part("errors").describe(fetched, name)
      if passing[failure.kind] then error(fetched, 0) end
      return { why = failure.message, error = failure.kind ~= "not_found" or nil }
    end
    out.fetched = fetched
    event.put(envelope, fetched)
    for _, one in ipairs(missing) do
      if event.at(envelope, one.path) == nil then
        out.why = ("there is no %s, also not in the answer of %s"):format(one.path, one.address)
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

local function matches(trigger, types)
  for _, kind in ipairs(trigger.on) do
    if kind == types[1] or kind == types[2] then return true end
  end
  return false
end

-- Why all triggers did not fire whose `on` names no type of the event.
local function mismatch(types)
  if #types == 0 then return "the event has no type" end
  return #types == 1 and ("their `on` has no \"%s\""):format(types[1])
    or ("their `on` has neither \"%s\" nor \"%s\""):format(types[1], types[2])
end

-- The names of the triggers to try: those of the app, or ONLY the one that the webhook's address names.
local function trigger_names(app, only)
  if only then
    local name = app .. "/" .. only
    return { script.file("trigger", name) and name or app .. "/?" }
  end
  local names = {}
  for _, file in ipairs(std.list("lua/" .. app .. "/triggers")) do
    local name = file:match("^(.+)%.lua$")
    if name then names[#names + 1] = app .. "/" .. name end
  end
  return names
end

-- Why a trigger does not fire whose event lacks the object at PATH and cannot fetch it.
local function incomplete(one, name, trigger, path)
  -- The trigger itself may give a better reason: an event of that kind never has the object.
  local out = trigger.fires and in_scope(name, one.app, function()
    return evaluate(name, trigger, one.envelope, {}, false, one.gone)
  end)
  return { why = out and not out.error and out.why
    or ("the event has no %s, and nothing to fetch it by"):format(path) }
end

-- Tries one trigger on ONE delivery. Returns nil and adds to one.fired when it fires, else {why, error}.
-- NAMED: the webhook's address names the trigger.
local function try(one, name, trigger, named)
  if not one.on then one.on, one.by_trigger, one.broken = listeners() end
  local missing, path = event.missing(one.envelope, trigger.needs, one.connector)
  if not missing then return incomplete(one, name, trigger, path) end
  local recipes = listening(name, one.by_trigger, one.broken)
  if missing[1] and not recipes[1] and not one.wanted[name] then
    return { why = "no recipe listens; what a preview leaves out was not fetched" }
  end
  local out, failure = in_scope(name, one.app, function()
    return evaluate(name, trigger, one.envelope, missing, named, one.gone)
  end)
  if failure then
    if passing[failure.kind] then std.fail(failure.kind, failure.message, failure) end
    return fault(failure.message)
  end
  event.put(one.envelope, out.fetched or {})
  if out.why then return out end
  local conversation = event.at(one.envelope, "payload.conversation.id")
  if type(conversation) ~= "string" then conversation = nil end
  for _, recipe in ipairs(recipes) do recipe.order = conversation end
  one.fired[#one.fired + 1] = {
    trigger = name, key = out.key, conversation = conversation,
    recipes = recipes, not_on = not_on(name, one.on),
  }
end

-- args: {app, body, trigger, wanted}. Returns what the worker commits: {envelope, fired, quiet, others, broken, why}:
-- `others` says in one sentence why triggers did not fire that `quiet` does not name.
return function(args)
  local connector = std.connector(args.app)
  local quiet, envelope = json.array({}), event.shape(args.body, connector)
  local one = {
    app = args.app, connector = connector, envelope = envelope, fired = json.array({}), broken = json.array({}),
    wanted = {}, gone = {},
  }
  if not envelope then return { fired = one.fired, quiet = quiet, broken = one.broken, why = event.NEITHER } end
  for _, name in ipairs(args.wanted or {}) do one.wanted[name] = true end
  local types, named, others = types_of(envelope), args.trigger ~= nil, nil
  for _, name in ipairs(trigger_names(args.app, args.trigger)) do
    local ok, trigger = pcall(script.get, "trigger", name)
    local out
    if not ok then
      out = fault(std.part("errors").describe(trigger, name).message)
    elseif named or matches(trigger, types) then
      out = try(one, name, trigger, named)
    else
      others = mismatch(types)
    end
    if out then quiet[#quiet + 1] = { trigger = name, why = out.why, error = out.error } end
  end
  return {
    envelope = one.fired[1] and envelope, fired = one.fired, quiet = quiet, others = others, broken = one.broken,
  }
end
