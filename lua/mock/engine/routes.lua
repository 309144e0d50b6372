-- Paths to handlers. LIST: {method, path, handler} each; a path's part in braces stands for any text.
return function(list)
  for _, route in ipairs(list) do
    local segments = {}
    for part in route[2]:gmatch("/([^/]+)") do segments[#segments + 1] = part end
    route.segments = segments
  end

  -- Returns the one variable segment of a path that fits, true for a path without one, or nil.
  local function fit(wanted, given)
    if #wanted ~= #given then return nil end
    local value = true
    for i, part in ipairs(wanted) do
      if part:sub(1, 1) == "{" then
        if given[i] == "" then return nil end
        value = given[i]
      elseif part ~= given[i] then
        return nil
      end
    end
    return value
  end

  -- Returns the handler of the first route that fits and the path's variable segment; nil when none fits.
  return function(request)
    local method = request.method == "HEAD" and "GET" or request.method
    for _, route in ipairs(list) do
      local value = route[1] == method and fit(route.segments, request.segments)
      if value then return route[3], value end
    end
    return nil
  end
end
