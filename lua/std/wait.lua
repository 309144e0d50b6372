-- wait: ctx.sleep, ctx.wait_for and ctx.store.
local std = ...

local wait = {}

local LONGEST = 90 * 86400 -- seconds

local function seconds_of(duration, what)
  local seconds = duration
  if type(duration) == "string" then
    local ok, parsed = pcall(text.parse_duration, duration)
    seconds = ok and parsed
  end
  if type(seconds) ~= "number" or seconds ~= seconds or seconds < 0 then
    std.fail("script", ("%s: the duration is %s; write \"90s\", \"15m\", \"2h\" or \"3d\""):format(
      what, type(duration) == "string" and "\"" .. duration .. "\"" or "a " .. type(duration)))
  end
  if seconds > LONGEST then
    std.fail("limit", ("%s: %s is longer than 90 days"):format(what, tostring(duration)))
  end
  return seconds
end

function wait.sleep(duration)
  std.sleep(seconds_of(duration, "ctx.sleep"))
end

local scalars = { string = true, number = true, boolean = true }

function wait.wait_for(trigger, match, duration)
  std.part("script").get("trigger", trigger)
  local timeout = seconds_of(duration, "ctx.wait_for")
  if type(match) ~= "table" then
    std.fail("script", "ctx.wait_for(trigger, match, duration): match is a table such as "
      .. "{ [\"payload.conversation.id\"] = id }")
  end
  for path, value in pairs(match) do
    if type(path) ~= "string" or not scalars[type(value)] then
      std.fail("script", ("ctx.wait_for: match names dotted paths and a text, number or boolean for each; "
        .. "\"%s\" is a %s"):format(tostring(path), type(value)))
    end
  end
  local event = std.wait(trigger, match, timeout)
  if event == json.null then return nil end
  return event
end

local function check_key(key)
  if type(key) ~= "string" or key == "" or #key > 200 or not utf8.len(key) then
    std.fail("script", "ctx.store: a key is a text of 1 to 200 bytes")
  end
end

function wait.get(key)
  check_key(key)
  local value = std.load_value(key)
  if value == json.null then return nil end
  return value
end

function wait.set(key, value)
  check_key(key)
  if value == json.null then value = nil end
  std.save_value(key, value)
end

return wait
