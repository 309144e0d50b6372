-- model: checks the variables of a template against the known shape of its data, without rendering. For foyer check.
--
-- `roots` maps each name of the outermost level to its shape: true (any names below it) or an example. An object has
-- the names of its example and no others, except custom_fields and metadata, which may have any; a list is described
-- by its first element; null stands for any shape.

local std = ...

local MAX_DEPTH = 16
local MAX_PARTIALS = 1000 -- partials that include partials multiply

local OPEN = {} -- an unknown shape
local OPEN_NAMES = { custom_fields = true, metadata = true }

-- These differ by client: a template may use any name below them as a section.
local OPTIONAL = { client = true, options = true, vars = true }

local model = {}

local function shape_of(c, key, value)
  if OPEN_NAMES[key] or value == c.null then return OPEN end
  if type(value) == "userdata" and c.null == nil then return OPEN end
  return value
end

local function kind_of(c, shape)
  if shape == OPEN then return "open" end
  if type(shape) == "table" then return c.is_list(shape) and "list" or "object" end
  return type(shape) == "userdata" and "handle" or "scalar"
end

local function element(c, list)
  if list[1] == nil then return OPEN end
  return shape_of(c, nil, list[1])
end

-- Returns the shape of an object's member, or nil.
local function member(c, shape, key)
  local kind = kind_of(c, shape)
  if kind == "open" then return OPEN end
  if kind ~= "object" or shape[key] == nil then return nil end
  return shape_of(c, key, shape[key])
end

-- Finds a path in the frames. Returns {shape, optional}; for an unknown name {at = number of the unknown part,
-- within = the shape that lacks it, optional}.
local function resolve(c, path)
  local frames = c.frames
  if not path then return { shape = frames[#frames].shape, optional = frames[#frames].optional } end
  local open, optional = false, false
  for i = #frames, 1, -1 do
    local frame = frames[i]
    optional = optional or frame.optional
    if frame.shape == OPEN then
      open = true
    else
      local shape = member(c, frame.shape, path[1])
      if shape ~= nil then
        local may = frame.optional or (i == 1 and OPTIONAL[path[1]] or false)
        for j = 2, #path do
          local inner = member(c, shape, path[j])
          if inner == nil then return { at = j, within = shape, optional = may } end
          shape = inner
        end
        return { shape = shape, optional = may }
      end
    end
  end
  -- An open level may have the name.
  if open then return { shape = OPEN, optional = optional } end
  return { at = 1, optional = optional }
end

local function names_of(c, shape, names)
  if shape ~= OPEN and kind_of(c, shape) == "object" then
    for name in pairs(shape) do
      if type(name) == "string" then names[#names + 1] = name end
    end
  end
  return names
end

-- Returns the path of a name that was used without one: the nearest to the top.
local function elsewhere(c, wanted)
  local level = { { shape = c.frames[1].shape, prefix = "" } }
  for _ = 1, 4 do
    local below = {}
    for _, at in ipairs(level) do
      for _, name in ipairs(names_of(c, at.shape, {})) do
        if name == wanted then return at.prefix .. name end
        if not OPEN_NAMES[name] then
          below[#below + 1] = { shape = shape_of(c, name, at.shape[name]), prefix = at.prefix .. name .. "." }
        end
      end
    end
    level = below
  end
  return nil
end

local function nearest(c, path, found)
  local names = {}
  if found.within then
    names_of(c, found.within, names)
  else
    for i = #c.frames, 1, -1 do names_of(c, c.frames[i].shape, names) end
  end
  local name = std.nearest(path[found.at], names)
  if name then
    local parts = { table.unpack(path) }
    parts[found.at] = name
    return table.concat(parts, ".")
  end
  return #path == 1 and elsewhere(c, path[1]) or nil
end

local function report(c, node, message, near, unknown)
  local key = c.template .. "\n" .. node.line .. "\n" .. node.name
  if c.seen[key] then return end
  c.seen[key] = true
  if near then message = message .. "; did you mean '" .. near .. "'?" end
  c.report { template = c.template, line = node.line, name = node.name, near = near, message = message,
    unknown = unknown, nested = #c.frames > 1 }
end

local function report_unknown(c, node, found)
  local within = found.within
  if within ~= nil and kind_of(c, within) == "list" then
    local list = table.concat(node.path, ".", 1, found.at - 1)
    return report(c, node, string.format("unknown variable '%s': '%s' is a list, which has no names of its own: "
      .. "open it with {{#%s}}", node.name, list, list), nil, true)
  end
  report(c, node, string.format("unknown variable '%s'", node.name), nearest(c, node.path, found), true)
end

-- Inside of {{#vars.phone}} that name exists, with all below it.
local function is_guarded(c, name)
  for _, guard in ipairs(c.guards) do
    if name == guard or string.sub(name, 1, #guard + 1) == guard .. "." then return true end
  end
  return false
end

local CHECK = {}

local function check_nodes(c, nodes)
  for _, node in ipairs(nodes) do
    local check = CHECK[node.kind]
    if check then check(c, node) end
  end
end

local UNPRINTABLE = {
  object = "'%s' is an object: name one of its fields",
  list = "'%s' is a list: write it as a section",
  handle = "'%s' is a secret or a file and cannot be text",
}

function CHECK.variable(c, node)
  if is_guarded(c, node.name) then return end
  local found = resolve(c, node.path)
  if found.shape == nil then return report_unknown(c, node, found) end
  local message = UNPRINTABLE[kind_of(c, found.shape)]
  if message then report(c, node, string.format(message, node.name)) end
end

-- Returns the shape of a section's name. An optional name that is unknown is open.
local function section_shape(c, node)
  if is_guarded(c, node.name) then return OPEN, false end
  local found = resolve(c, node.path)
  if found.shape ~= nil then return found.shape, found.optional end
  if not found.optional then report_unknown(c, node, found) end
  return OPEN, found.optional
end

function CHECK.section(c, node)
  local shape, optional = section_shape(c, node)
  if kind_of(c, shape) == "list" then shape = element(c, shape) end
  local top, guard = #c.frames + 1, #c.guards + 1
  c.frames[top] = { shape = shape, optional = optional }
  c.guards[guard] = shape == OPEN and node.name ~= "." and node.name or nil
  check_nodes(c, node.nodes)
  c.frames[top], c.guards[guard] = nil, nil
end

function CHECK.inverted(c, node)
  section_shape(c, node)
  check_nodes(c, node.nodes)
end

function CHECK.partial(c, node)
  local tree = c.partial and c.partial(node.name, node.line, c.template)
  if not tree then
    return report(c, node, string.format("there is no template '%s' to include", node.name))
  end
  if c.active[tree] or c.depth == MAX_DEPTH or c.partials == MAX_PARTIALS then return end
  local template = c.template
  c.template, c.depth, c.partials, c.active[tree] = tree.name, c.depth + 1, c.partials + 1, true
  check_nodes(c, tree.nodes)
  c.template, c.depth, c.active[tree] = template, c.depth - 1, nil
end

function CHECK.parent(c, node)
  local outer = c.args
  c.args = { own = node.args, outer = outer }
  CHECK.partial(c, node)
  c.args = outer
end

function CHECK.block(c, node)
  local block = std.part("mustache").find_argument(c.args, node.name)
  if not block or c.active[block] then return check_nodes(c, node.nodes) end
  local template = c.template
  c.template, c.active[block] = block.template, true
  check_nodes(c, block.nodes)
  c.template, c.active[block] = template, nil
end

---@class std.model.Finding
---@field template string
---@field line integer
---@field name string     as in the tag
---@field near? string    a similar known name
---@field unknown? boolean  the name does not exist
---@field nested boolean  it is in a section
---@field message string  a sentence without the place

---@class std.model.Options
---@field partial? fun(name: string, line: integer, template: string): table?
---@field is_list? fun(t: table): boolean
---@field null? any

-- Reports each variable, section or partial that does not exist, once per line.
---@param tree table        of mustache.parse
---@param roots table<string, any>
---@param on_finding fun(finding: std.model.Finding)
---@param options? std.model.Options
function model.check(tree, roots, on_finding, options)
  options = options or {}
  local top = {}
  for name, shape in pairs(roots) do
    if shape == true then shape = OPEN end
    top[name] = shape
  end
  local c = {
    report = on_finding, partial = options.partial, null = options.null,
    is_list = options.is_list or function(t) return t[1] ~= nil end,
    frames = { { shape = top, optional = false } }, guards = {}, args = nil,
    template = tree.name, depth = 0, partials = 0, active = { [tree] = true }, seen = {},
  }
  check_nodes(c, tree.nodes)
end

return model
