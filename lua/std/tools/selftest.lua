-- foyer selftest: one step of an app's own test, lua/APP/selftest.lua: a table of functions(ctx, state, row). A step
-- may change STATE, which the next step gets, and calls ROW(subject, guess, result, saw) for what it found out; RESULT:
-- true: it holds; false: it differs; nil: it was not tried. args: {app, step, state}
local std = ...

return function(args)
  local chunk = std.load("lua/" .. args.app .. "/selftest.lua", 3)
  if not chunk then std.fail("invalid", ("foyer has no selftest for the app %s"):format(args.app)) end
  local steps = chunk()
  return std.part("call").scope("tool", "selftest", args.app, "write", {}, nil, function(ctx)
    local rows, state = json.array({}), args.state
    local function row(subject, guess, result, saw)
      rows[#rows + 1] = {
        subject = subject, guess = guess, saw = saw,
        result = result == nil and "not tried" or result and "ok" or "differs",
      }
    end
    local found = steps[args.step](ctx, state, row)
    return { state = state, rows = rows, found = found or false }
  end)
end
