-- A tool that only test_lua_scripts adds to a copy of the built-in layer: runs one file of tests/lua, a
-- chunk that gets std and the checks below.
local std = ...

local function show(value)
  local ok, shown = pcall(json.encode, value)
  return text.truncate(ok and shown or tostring(value), 2000)
end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do
    if not same(value, rawget(b, key)) then return false end
  end
  for key in pairs(b) do
    if rawget(a, key) == nil then return false end
  end
  return true
end

return function(args)
  local passed, failures = 0, json.array({})
  local function check(good, what, why)
    if good then
      passed = passed + 1
    else
      failures[#failures + 1] = tostring(what) .. ": " .. why
    end
  end

  local t = { json = json.decode, null = json.null, is_list = json.is_array }

  function t.equal(got, want, what)
    local good = same(got, want)
    check(good, what, good or "got " .. show(got) .. ", want " .. show(want))
  end

  -- Matches the error's text; returns the error.
  function t.fails(fn, pattern, what)
    local ok, raised = pcall(fn)
    local message = type(raised) == "table" and raised.message or tostring(raised)
    local good = not ok and message:find(pattern) ~= nil
    check(good, what or pattern, ok and "did not fail" or "failed with " .. message)
    return raised
  end

  function t.read(path)
    local found = std.read(path)
    if not found then error("there is no " .. path, 2) end
    return found
  end

  function t.load(path)
    local chunk = std.load(path)
    if not chunk then error("there is no " .. path, 2) end
    return chunk()
  end

  local chunk = std.load(args.file)
  local ok, raised = pcall(chunk, std, t)
  check(ok, args.file, ok or tostring(raised))
  return { passed = passed, failures = failures }
end
