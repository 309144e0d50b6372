-- mustache: parses and renders Mustache: variables, sections, inverted sections, comments, delimiters, partials and
-- inheritance; no lambdas. It passes the test vectors of the specification (https://github.com/mustache/spec).
--
-- mustache.parse(text, name) gives a tree {name, nodes}. A node has kind and line:
--   text      {text, bol, tail}             bol: it begins a line; tail: a new line begins after it
--   variable  {name, path, raw}             path: the name's parts, nil for "."
--   section   {name, path, nodes}           and inverted likewise
--   partial   {name, indent}                indent: set when the tag is alone on its line
--   block     {name, nodes, indent, template}
--   parent    {name, indent, args, order}   args: blocks by name; order: the same as a list
--
-- Only nil, false, null and the empty list are false; "" and 0 are true, as in Lua.

local std = ...

local byte, find, format, gsub, match, sub =
  string.byte, string.find, string.format, string.gsub, string.match, string.sub
local concat = table.concat

local MAX_DEPTH = 16 -- partials within partials
local MAX_NESTING = 100 -- sections within sections
local MAX_OUTPUT = 4 * 1024 * 1024

local mustache = {}

local function fail(kind, template, line, message, ...)
  std.fail(kind, format("%s:%d: " .. message, template, line, ...))
end

---------------------------------------------------------------------------------------------
-- Parsing. The text is cut into lines of texts and tags, because a tag alone on its line removes the line.

local SIGILS = { ["#"] = true, ["^"] = true, ["/"] = true, ["!"] = true, [">"] = true,
                 ["<"] = true, ["$"] = true, ["&"] = true }
local VARIABLES = { [""] = true, ["&"] = true, ["{"] = true }
local OPENS = { ["#"] = "section", ["^"] = "inverted", ["<"] = "parent", ["$"] = "block" }
local CALLED = { section = "section", inverted = "inverted section", parent = "parent", block = "block" }

local function flush_text(p)
  if p.piece_count == 0 then return end
  p.nodes[#p.nodes + 1] = {
    kind = "text", text = concat(p.pieces, "", 1, p.piece_count), bol = p.bol, tail = p.tail,
  }
  p.piece_count = 0
end

local function add_text(p, text, bol)
  if p.piece_count == 0 then p.bol = bol end
  p.piece_count = p.piece_count + 1
  p.pieces[p.piece_count] = text
  p.tail = text == "" -- marks a line that begins with a tag
end

-- Returns the white space at the beginning of the first line of NODES; nil when there is no line.
local function first_indent(nodes)
  local node = nodes[1]
  if not node then return nil end
  if node.kind == "text" then return node.bol and match(node.text, "^[ \t]*") or "" end
  if node.indent then return node.indent end
  if node.nodes then return first_indent(node.nodes) end
  return ""
end

local function without_prefix(text, prefix)
  if sub(text, 1, #prefix) == prefix then return sub(text, #prefix + 1) end
  return text
end

-- Removes PREFIX (blanks only) from the beginning of every line in NODES.
local function dedent(nodes, prefix)
  for _, node in ipairs(nodes) do
    if node.kind == "text" then
      if node.bol then node.text = without_prefix(node.text, prefix) end
      node.text = gsub(node.text, "\n" .. prefix, "\n")
    end
    if node.indent then node.indent = without_prefix(node.indent, prefix) end
    if node.nodes then dedent(node.nodes, prefix) end
    for _, block in ipairs(node.order or {}) do dedent(block.nodes, prefix) end
  end
end

local function finish_block(node, tag, is_argument)
  local indent = tag.alone and first_indent(node.nodes)
  if not is_argument then
    -- The replacement is indented like the default content.
    node.indent = tag.alone and (indent or tag.indent) or tag.indent
  elseif indent and indent ~= "" then
    dedent(node.nodes, indent)
  end
end

local function finish_parent(node)
  node.args, node.order = {}, {}
  for _, child in ipairs(node.nodes) do
    if child.kind == "block" then -- other nodes in a parent are ignored
      node.args[child.name] = child
      node.order[#node.order + 1] = child
    end
  end
  node.nodes = nil
end

local function split_name(p, tag)
  if tag.name == "." then return nil end
  local path = {}
  for part in string.gmatch(tag.name .. ".", "([^.]*)%.") do
    if part == "" then
      fail("invalid", p.name, tag.line, "'%s' is not a variable name: a part between its dots is empty", tag.name)
    end
    path[#path + 1] = part
  end
  return path
end

local function close_tag(p, tag)
  local frame = p.frames[#p.frames]
  if not frame then
    fail("invalid", p.name, tag.line, "'%s' is closed here but was never opened", tag.name)
  end
  local node = frame.node
  if node.name ~= tag.name then
    fail("invalid", p.name, tag.line, "%s '%s' opened at line %d is closed as '%s'",
      CALLED[node.kind], node.name, node.line, tag.name)
  end
  p.frames[#p.frames] = nil
  p.nodes = frame.outer
  local enclosing = p.frames[#p.frames]
  if node.kind == "block" then
    finish_block(node, frame.tag, enclosing ~= nil and enclosing.node.kind == "parent")
  elseif node.kind == "parent" then
    finish_parent(node)
  end
end

local function add_tag(p, tag)
  local sigil = tag.sigil
  if sigil == "!" or sigil == "=" then return end
  flush_text(p)
  if sigil == "/" then return close_tag(p, tag) end
  local node = { name = tag.name, line = tag.line }
  p.nodes[#p.nodes + 1] = node
  if VARIABLES[sigil] then
    node.kind, node.raw, node.path = "variable", sigil ~= "", split_name(p, tag)
  elseif sigil == ">" then
    node.kind, node.indent = "partial", tag.indent
  else
    node.kind, node.nodes = OPENS[sigil], {}
    if sigil == "#" or sigil == "^" then node.path = split_name(p, tag) end
    if sigil == "<" then node.indent = tag.indent end
    if sigil == "$" then node.template = p.name end
    if #p.frames == MAX_NESTING then
      fail("limit", p.name, tag.line, "sections are nested more than %d deep", MAX_NESTING)
    end
    p.frames[#p.frames + 1] = { node = node, outer = p.nodes, tag = tag }
    p.nodes = node.nodes
  end
end

-- Tells whether a line has only tags that remove it: one tag, or several of parents and blocks. Returns "alone",
-- "empty" for a line with one empty block (whose newline remains), or nil.
local function inheritance_line(p, items)
  local kinds = {} -- the kinds of the open tags at this position
  for i, frame in ipairs(p.frames) do kinds[i] = frame.node.kind end
  local outside, tags, emptied = #kinds, 0, false
  for _, item in ipairs(items) do
    local sigil = item.sigil
    if sigil == "<" or sigil == "$" then
      kinds[#kinds + 1] = OPENS[sigil]
    elseif sigil == "/" then
      local kind = kinds[#kinds]
      if kind ~= "parent" and kind ~= "block" then return nil end
      local here = #kinds > outside
      kinds[#kinds] = nil
      outside = here and outside or #kinds
      if here and kind == "block" and kinds[#kinds] ~= "parent" then emptied = true end
    elseif sigil then
      return nil
    end
    if sigil then tags = tags + 1 end
  end
  if not emptied then return "alone" end
  for i = 2, #items do -- an empty block has nothing between its tags
    if items[i].sigil and not items[i - 1].sigil and i > 2 then return nil end
  end
  return tags == 2 and "empty" or nil
end

local function flush_line(p)
  local items = p.items
  if not items[1] then return end
  p.items = {}
  local tags, blank = 0, true
  for _, item in ipairs(items) do
    if item.sigil then
      tags = tags + 1
      if VARIABLES[item.sigil] then blank = false end
    elseif find(item.text, "%S") then
      blank = false
    end
  end
  local alone
  if tags == 1 then
    alone = blank and "alone"
  elseif tags > 1 and blank then
    alone = inheritance_line(p, items)
  end
  local indent = items[1].text or ""
  local seen = false -- whether the line has a tag
  for i, item in ipairs(items) do
    if not item.sigil then
      if not alone then
        add_text(p, item.text, i == 1)
      elseif alone == "empty" and seen then
        add_text(p, item.text, false)
      end
    else
      if not alone then
        if i == 1 then add_text(p, "", true) end
      elseif not seen then
        item.indent = indent
      end
      item.alone = alone == "alone"
      add_tag(p, item)
      seen = true
    end
  end
end

local function push_text(p, text)
  local start = 1
  while true do
    local newline = find(text, "\n", start, true)
    if not newline then break end
    p.items[#p.items + 1] = { text = sub(text, start, newline) }
    flush_line(p)
    p.line = p.line + 1
    start = newline + 1
  end
  if start <= #text then p.items[#p.items + 1] = { text = sub(text, start) } end
end

-- Reads the tag whose delimiter OPEN ends before POS. Returns the position after it and the delimiters.
local function read_tag(p, text, pos, open, close)
  local sigil, ending = "", close
  local first = sub(text, pos, pos)
  if first == "{" then
    sigil, ending, pos = "{", "}" .. close, pos + 1
  elseif first == "=" then
    sigil, ending, pos = "=", "=" .. close, pos + 1
  else
    local at = find(text, "%S", pos)
    if at and SIGILS[sub(text, at, at)] then sigil, pos = sub(text, at, at), at + 1 end
  end
  local from, to = find(text, ending, pos, true)
  local content = sub(text, pos, (from or 0) - 1)
  if not from or (sigil ~= "!" and (find(content, "\n", 1, true) or find(content, open, 1, true))) then
    local shown = match(sub(text, pos, pos + 40), "^%s*([^\r\n]*)")
    fail("invalid", p.name, p.line, "tag '%s%s%s' is not closed with '%s'", open, sigil, shown, ending)
  end
  local tag = { sigil = sigil, line = p.line, name = match(content, "^%s*(.*%S)") or "" }
  p.items[#p.items + 1] = tag
  if sigil == "!" then
    local _, newlines = gsub(content, "\n", "")
    p.line = p.line + newlines
  elseif sigil == "=" then
    open, close = match(tag.name, "^([^%s=]+)%s+([^%s=]+)$")
    if not open then
      fail("invalid", p.name, p.line, "'%s' are no delimiters: two without '=' and with a blank between are needed",
        tag.name)
    end
  elseif tag.name == "" then
    fail("invalid", p.name, p.line, "tag '%s%s%s' names nothing", open, sigil, ending)
  end
  return to + 1, open, close
end

---@param text string
---@param name? string   the template's name in errors: its file
---@return table tree
function mustache.parse(text, name)
  local p = { name = name or "template", line = 1, items = {}, frames = {}, nodes = {},
              pieces = {}, piece_count = 0, bol = false, tail = false }
  local tree = { name = p.name, nodes = p.nodes }
  local pos, open, close = 1, "{{", "}}"
  if sub(text, 1, 3) == "\xEF\xBB\xBF" then pos = 4 end -- a byte order mark, which some editors write
  while true do
    local first, last = find(text, open, pos, true)
    push_text(p, sub(text, pos, (first or 0) - 1))
    if not first then break end
    pos, open, close = read_tag(p, text, last + 1, open, close)
  end
  flush_line(p)
  flush_text(p)
  local frame = p.frames[#p.frames]
  if frame then
    local last_line = byte(text, -1) == 10 and p.line - 1 or p.line
    fail("invalid", p.name, last_line, "unclosed %s '%s' opened at line %d",
      CALLED[frame.node.kind], frame.node.name, frame.node.line)
  end
  return tree
end

---------------------------------------------------------------------------------------------
-- Rendering

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

function mustache.escape_html(text)
  if not find(text, '[&<>"]') then return text end
  return (gsub(text, '[&<>"]', ENTITIES))
end

local function to_text(value)
  if math.type(value) == "float" then
    local integer = math.tointeger(value)
    return integer and format("%d", integer) or format("%.14g", value)
  end
  return tostring(value)
end

local function emit(r, text, line)
  r.size = r.size + #text
  if r.size > MAX_OUTPUT then
    fail("limit", r.template, line or 1, "the text grows beyond %d bytes", MAX_OUTPUT)
  end
  r.count = r.count + 1
  r.out[r.count] = text
end

-- Returns the value of a name, and whether any level of the stack has it.
local function lookup(r, path)
  local stack = r.stack
  if not path then return stack[r.top], true end
  local key = path[1]
  for i = r.top, 1, -1 do
    local level = stack[i]
    local value
    if type(level) == "table" then value = level[key] end
    if value ~= nil then
      for j = 2, #path do
        if type(value) ~= "table" then return nil, false end
        value = value[path[j]]
        if value == nil then return nil, false end
      end
      return value, true
    end
  end
  return nil, false
end

local function refuse(r, node, value)
  local what = "a " .. type(value)
  if type(value) == "table" then
    what = r.is_list(value) and "a list: write it as a section" or "an object: name one of its fields"
  end
  fail("invalid", r.template, node.line, "'%s' is %s", node.name, what)
end

local RENDER = {}

local function render_nodes(r, nodes)
  for i = 1, #nodes do
    local node = nodes[i]
    RENDER[node.kind](r, node)
  end
end

function RENDER.text(r, node)
  local text, indent = node.text, r.indent
  if indent ~= "" then
    local last = ""
    if not node.tail and byte(text, -1) == 10 then text, last = sub(text, 1, -2), "\n" end
    text = gsub(text, "\n", "\n" .. indent) .. last
    if node.bol and not r.begun then text = indent .. text end
  end
  r.begun = false
  emit(r, text)
end

function RENDER.variable(r, node)
  local value, known = lookup(r, node.path)
  if value == nil or value == r.null then
    if not known and r.unknown then r.unknown(node.name, node.line, r.template) end
    return
  end
  local kind = type(value)
  if kind == "number" then
    value = to_text(value)
  elseif kind == "boolean" then
    value = tostring(value)
  elseif kind ~= "string" then
    refuse(r, node, value)
  end
  if r.escape and not node.raw then value = r.escape(value) end
  emit(r, value, node.line)
end

local function is_false(r, value)
  return not value or value == r.null
    or (type(value) == "table" and value[1] == nil and r.is_list(value))
end

function RENDER.section(r, node)
  local value = lookup(r, node.path)
  if is_false(r, value) then return end
  if type(value) == "function" then refuse(r, node, value) end
  local top = r.top + 1
  r.top = top
  if type(value) == "table" and r.is_list(value) then
    for i = 1, #value do
      r.stack[top] = value[i]
      render_nodes(r, node.nodes)
    end
  else
    r.stack[top] = value
    render_nodes(r, node.nodes)
  end
  r.stack[top] = nil
  r.top = top - 1
end

function RENDER.inverted(r, node)
  if is_false(r, (lookup(r, node.path))) then render_nodes(r, node.nodes) end
end

function RENDER.partial(r, node)
  local tree = r.partial and r.partial(node.name, node.line, r.template)
  if not tree then return end
  if r.depth == MAX_DEPTH then
    fail("limit", r.template, node.line, "partials are nested more than %d deep: does '%s' include itself?",
      MAX_DEPTH, node.name)
  end
  local template, indent = r.template, r.indent
  r.template, r.indent, r.depth = tree.name, indent .. (node.indent or ""), r.depth + 1
  render_nodes(r, tree.nodes)
  r.template, r.indent, r.depth = template, indent, r.depth - 1
end

function RENDER.parent(r, node)
  local outer = r.args
  r.args = { own = node.args, outer = outer }
  RENDER.partial(r, node)
  r.args = outer
end

-- Returns the block for a name, or nil. The outermost template that has one takes precedence.
function mustache.find_argument(args, name)
  if not args then return nil end
  return mustache.find_argument(args.outer, name) or args.own[name]
end

function RENDER.block(r, node)
  local block = mustache.find_argument(r.args, node.name)
  if not block or r.active[block] then return render_nodes(r, node.nodes) end
  if not block.nodes[1] then return end
  local template, indent = r.template, r.indent
  if node.indent then -- the block's line was removed, with its beginning
    r.indent = indent .. node.indent
    if r.indent ~= "" then emit(r, r.indent, node.line) end
  end
  r.template, r.begun, r.active[block] = block.template, true, true
  render_nodes(r, block.nodes)
  r.template, r.begun, r.active[block] = template, false, nil
  r.indent = indent
end

---@class std.mustache.Options
---@field escape? fun(text: string): string   for {{x}}; nothing is escaped without it
---@field partial? fun(name: string, line: integer, template: string): table?   a tree
---@field unknown? fun(name: string, line: integer, template: string)   a variable that no level has
---@field is_list? fun(t: table): boolean
---@field null? any   JSON's null

---@param tree table
---@param data any
---@param options? std.mustache.Options
---@return string
function mustache.render(tree, data, options)
  options = options or {}
  local r = {
    escape = options.escape, partial = options.partial, unknown = options.unknown, null = options.null,
    is_list = options.is_list or function(t) return t[1] ~= nil end,
    out = {}, count = 0, size = 0, stack = { data }, top = 1, depth = 0,
    template = tree.name, indent = "", args = nil, active = {},
    begun = false, -- whether the line's indentation is written
  }
  render_nodes(r, tree.nodes)
  return concat(r.out, "", 1, r.count)
end

---------------------------------------------------------------------------------------------
-- The names in a template, for checks

local function walk(nodes, template, context, visit)
  for _, node in ipairs(nodes) do
    visit(node, template, context)
    local inner = context
    if node.kind == "section" then
      inner = { table.unpack(context) }
      inner[#inner + 1] = node.name
    end
    if node.nodes then walk(node.nodes, template, inner, visit) end
    if node.order then walk(node.order, template, inner, visit) end
  end
end

-- Returns each variable and section in the order of the text: {name, line, section, context}.
-- section is false, "section" or "inverted"; context lists the sections around it.
function mustache.variables(tree)
  local found = {}
  walk(tree.nodes, tree.name, {}, function(node, _, context)
    local kind = node.kind
    if kind == "variable" or kind == "section" or kind == "inverted" then
      found[#found + 1] = {
        name = node.name, line = node.line, section = kind ~= "variable" and kind, context = context,
      }
    end
  end)
  return found
end

-- Returns each partial and parent in the order of the text: {name, line}.
function mustache.partials(tree)
  local found = {}
  walk(tree.nodes, tree.name, {}, function(node)
    if node.kind == "partial" or node.kind == "parent" then
      found[#found + 1] = { name = node.name, line = node.line }
    end
  end)
  return found
end

return mustache
