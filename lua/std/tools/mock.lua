-- foyer mock: gets the options; never returns.
local std = ...

return function(options)
  local mock, parts = std.mock, {}
  mock.options = options
  mock.random = math.random
  function mock.part(name)
    if parts[name] == nil then
      local chunk = std.load("lua/mock/" .. name .. ".lua", 1, nil, { mock = mock })
      if not chunk then std.fail("not_found", "there is no lua/mock/" .. name .. ".lua") end
      parts[name] = chunk(mock)
    end
    return parts[name]
  end
  local main = std.load("lua/mock/main.lua", 1, nil, { mock = mock })
  return main(mock)
end
