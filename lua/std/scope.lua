-- scope: runs a function as one step of the run's journal. What goes in and what comes out are copies;
-- the outcome is recorded, and a replay returns the record without calling the function again.
local std = ...

local scope = {}

-- ENTER() opens the scope, as std.enter and std.enter_each do; LEAVE(guard, outcome) closes it. FN gets the
-- copy of the input and the guard. Returns FN's result; or nil, the failure as recorded {kind, message, …}
-- and, outside of a replay, the value that was raised. The guard closes the scope in any case.
function scope.run(name, enter, leave, fn)
  local copy, recorded, guard <close> = enter()
  if copy == nil then return recorded.result, recorded.error end
  local ok, result = pcall(fn, copy, guard)
  if ok then
    ok, result = pcall(leave, guard, { result = result })
    if ok then return result.result end
  end
  local failure = std.part("errors").describe(result, name)
  leave(guard, { error = failure })
  return nil, failure, result
end

function scope.leave(guard, outcome)
  return std.leave(outcome, guard)
end

return scope
