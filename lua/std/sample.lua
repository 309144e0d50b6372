-- sample: the event that a trigger's file names as its example.
local std = ...

-- Returns the sample of TRIGGER, the definition of NAME. Fails when there is none.
return function(name, trigger)
  local path = trigger.sample and ("lua/%s/%s"):format(name:match("^[^/]+"), trigger.sample)
  local text = path and std.read(path)
  if not text then std.fail("not_found", ("the trigger %s has no sample event"):format(name)) end
  return json.decode(text)
end
