-- Paths to handlers. LIST: {method, path, handler} each; a path's part in braces stands for any text. A path without
-- braces goes before one with them, whatever their order.
return function(list)
  local function new_node() return { parts = {}, any = nil, handlers = nil } end
  local root = new_node()

  -- "/a/{id}/" -> {"a", "{id}", ""}
  local function split(path)
    local parts = {}
    for part in path:gmatch("/([^/]*)") do parts[#parts + 1] = part end
    return parts
  end

  for _, route in ipairs(list) do
    route.parts = split(route[2])
    local node = root
    for _, part in ipairs(route.parts) do
      if part:sub(1, 1) == "{" then
        node.any = node.any or new_node()
        node = node.any
      else
        node.parts[part] = node.parts[part] or new_node()
        node = node.parts[part]
      end
    end
    node.handlers = node.handlers or {}
    node.handlers[route[1]] = node.handlers[route[1]] or route[3]
  end

  local function walk(node, method, given, i, values)
    local part = given[i]
    if part == nil then return node.handlers and node.handlers[method] end
    local handler = node.parts[part] and walk(node.parts[part], method, given, i + 1, values)
    if handler or not node.any or part == "" then return handler end
    values[#values + 1] = part
    handler = walk(node.any, method, given, i + 1, values)
    if not handler then values[#values] = nil end
    return handler
  end

  local find = {}

  -- Returns the handler of the route that fits and the texts of the path's parts in braces; nil when none fits.
  function find.handler(request)
    local method, values = request.method == "HEAD" and "GET" or request.method, {}
    local handler = walk(root, method, request.segments, 1, values)
    if handler then return handler, table.unpack(values) end
    return nil
  end

  -- Returns how many letters must be changed to make B of A (Levenshtein), by the longer length: 0 to 1.
  local function difference(a, b)
    if a == b then return 0 end
    a, b = a:sub(1, 40), b:sub(1, 40)
    local row = {}
    for j = 0, #b do row[j] = j end
    for i = 1, #a do
      local before = row[0]
      row[0] = i
      for j = 1, #b do
        local same = a:byte(i) == b:byte(j) and 0 or 1
        before, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, before + same)
      end
    end
    return row[#b] / math.max(#a, #b, 1)
  end

  local function distance(route, request)
    local given, sum = request.segments, math.abs(#route.parts - #request.segments)
    for i = 1, math.min(#route.parts, #given) do
      local part = route.parts[i]
      sum = sum + (part:sub(1, 1) == "{" and (given[i] == "" and 1 or 0.2) or difference(part, given[i]))
    end
    return sum + (route[1] == request.method and 0 or 0.3)
  end

  -- Returns "METHOD path" of the route that is most like the request.
  function find.nearest(request)
    local best, least
    for _, route in ipairs(list) do
      local n = distance(route, request)
      if not least or n < least then best, least = route, n end
    end
    return best and best[1] .. " " .. best[2]
  end

  return find
end
