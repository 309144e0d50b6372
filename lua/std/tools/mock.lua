-- foyer mock: loads lua/mock/main.lua, which serves until the process ends.
local std = ...

-- mock.part(name) returns what lua/mock/NAME.lua returns, and loads that file when it is first named.
return function(options)
  local mock, parts, loading = std.mock, {}, {}
  mock.options = options
  mock.random = math.random
  function mock.part(name)
    if parts[name] == nil then
      if loading[name] then std.fail("internal", "lua/mock/" .. name .. ".lua needs itself") end
      loading[name] = true
      local chunk = std.load("lua/mock/" .. name .. ".lua", 1, nil, { mock = mock })
      if not chunk then std.fail("not_found", "there is no lua/mock/" .. name .. ".lua") end
      parts[name] = chunk(mock)
    end
    return parts[name]
  end
  return mock.part("main")
end
