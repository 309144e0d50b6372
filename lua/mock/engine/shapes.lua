-- Reads shapes in a short form, each a line "Name shape" (a line that begins with a space goes on with the last one):
--   s n i b    a text, a number, a whole number, a boolean     f o a     a file, any object, anything
--   [s]        a list                                          (x|y)     one of these texts
--   {a!:s b:n} an object, in which `a` is required             @Name     that shape
--   s? s64     may be null; at most 64 characters, or members of a list
-- The fields of checks.lua are made of it: shapes.get("Name").
local TYPES = { s = "string", n = "number", i = "integer", b = "boolean", f = "file", o = "object", a = "any" }

return function(text)
  local shapes = {}
  local sources, known = {}, {}

  for line in text:gsub("\n%s+", " "):gmatch("[^\n]+") do
    local name, source = line:match("^(%S+) (.+)$")
    sources[name] = source
  end

  local read

  local function read_object(source, at)
    local fields = {}
    while true do
      at = source:match("^%s*()", at)
      if source:sub(at, at) == "}" then return { type = "object", fields = fields }, at + 1 end
      local name, required, next_at = source:match("^([%w_]+)(!?):()", at)
      local field
      field, at = read(source, next_at)
      fields[name] = setmetatable({ required = required == "!" }, { __index = field })
    end
  end

  local function read_plain(source, at)
    local char = source:sub(at, at)
    if char == "{" then return read_object(source, at + 1) end
    if char == "[" then
      local items, stop = read(source, at + 1)
      return { type = "list", items = items }, stop + 1
    end
    if char == "(" then
      local inside, stop = source:match("^%(([^)]*)%)()", at)
      local enum = {}
      for word in inside:gmatch("[^|]+") do enum[#enum + 1] = word end
      return { type = "string", enum = enum }, stop
    end
    if char == "@" then
      local name, stop = source:match("^@(%w+)()", at)
      return setmetatable({}, { __index = shapes.get(name) }), stop
    end
    return { type = TYPES[char] }, at + 1
  end

  function read(source, at)
    local field, stop = read_plain(source, at)
    local max, after = source:match("^(%d+)()", stop)
    if max then field.max, stop = math.tointeger(tonumber(max)), after end
    if source:sub(stop, stop) == "?" then field.null, stop = true, stop + 1 end
    return field, stop
  end

  -- Returns the shape that TEXT is: a name, "{…}", or "[@Name]"; nil when there is no shape of that name.
  function shapes.read(source)
    return (read(source, 1))
  end

  function shapes.get(name)
    if not known[name] then
      if not sources[name] then return nil end
      known[name] = shapes.read(sources[name])
    end
    return known[name]
  end

  return shapes
end
