-- source: reads the text of a script without running it: its calls with literal arguments, the keys of table
-- constructors, and the globals. For foyer check and foyer doctor.
local std = ...

local source = {}

local opens = { ["("] = true, ["{"] = true, ["["] = true }
local closes = { [")"] = true, ["}"] = true, ["]"] = true }
-- `while` and `for` are counted at their `do`.
local begins = { ["function"] = true, ["if"] = true, ["do"] = true, ["repeat"] = true }
local ends = { ["end"] = true, ["until"] = true }

-- The tokens of TEXT: kind, text and line are lists.
function source.read(text)
  local kinds, texts, lines = std.tokens(text)
  return { kind = kinds, text = texts, line = lines }
end

local function is_mark(src, i, mark)
  return src.kind[i] == "mark" and src.text[i] == mark
end

local function is_name(src, i, name)
  return src.kind[i] == "name" and src.text[i] == name
end

local function nesting(src, i)
  local kind, text = src.kind[i], src.text[i]
  if kind == "mark" then return opens[text] and 1 or closes[text] and -1 or 0 end
  if kind == "name" then return begins[text] and 1 or ends[text] and -1 or 0 end
  return 0
end

-- Returns the token that closes the bracket at I; the last token when none does.
local function closing(src, i)
  local depth = 0
  for at = i, #src.kind do
    depth = depth + nesting(src, at)
    if depth == 0 then return at end
  end
  return #src.kind
end

-- Returns the token after CALLEE, if its PARTS begin at I; else nil.
local function behind(src, i, parts)
  -- after "." or ":" it is a field of another table
  if is_mark(src, i - 1, ".") or is_mark(src, i - 1, ":") then return nil end
  for n, part in ipairs(parts) do
    if n > 1 then
      if not is_mark(src, i, ".") then return nil end
      i = i + 1
    end
    if not is_name(src, i, part) then return nil end
    i = i + 1
  end
  return i
end

-- Returns the first and last token of each argument of a call, or field of a table. FROM: the first token in the
-- brackets; TO: the closing one.
local function arguments(src, from, to)
  local list, depth, start = {}, 0, from
  for at = from, to - 1 do
    depth = depth + nesting(src, at)
    if depth == 0 and (is_mark(src, at, ",") or is_mark(src, at, ";")) then
      list[#list + 1] = { start, at - 1 }
      start = at + 1
    end
  end
  if start < to then list[#list + 1] = { start, to - 1 } end
  return list
end

local function call_at(src, i, after)
  if src.kind[after] == "string" then return { { after, after } } end
  if is_mark(src, after, "{") then return { { after, closing(src, after) } } end
  if is_mark(src, after, "(") then return arguments(src, after + 1, closing(src, after)) end
  -- pcall(ctx.call, "name", …)
  if is_mark(src, after, ",") and is_mark(src, i - 1, "(") and is_name(src, i - 2, "pcall") then
    return arguments(src, after + 1, closing(src, i - 1))
  end
  return nil
end

-- Returns the calls of CALLEE ("ctx.call"): {line =, args = {{first token, last token}, …}}.
function source.calls(src, callee)
  local parts, found = {}, {}
  for part in callee:gmatch("[^.]+") do parts[#parts + 1] = part end
  for i = 1, #src.kind do
    local after = src.kind[i] == "name" and src.text[i] == parts[1] and behind(src, i, parts)
    local args = after and call_at(src, i, after)
    if args then found[#found + 1] = { line = src.line[i], args = args } end
  end
  return found
end

-- Returns text and line of an argument that is one string literal, and true. With PREFIX also for an argument that
-- begins with one, and false.
function source.literal(src, arg, prefix)
  if not arg or src.kind[arg[1]] ~= "string" then return nil end
  if arg[1] ~= arg[2] and not prefix then return nil end
  return src.text[arg[1]], src.line[arg[1]], arg[1] == arg[2]
end

-- Returns the keys of an argument that is a table constructor: {name = first and last token of its value}, and
-- whether all keys are literal; nil for any other argument.
function source.fields(src, arg)
  if not arg or not is_mark(src, arg[1], "{") or closing(src, arg[1]) ~= arg[2] then return nil end
  local fields, whole = {}, true
  for _, field in ipairs(arguments(src, arg[1] + 1, arg[2])) do
    local at = field[1]
    if src.kind[at] == "name" and is_mark(src, at + 1, "=") then
      fields[src.text[at]] = { at + 2, field[2] }
    elseif is_mark(src, at, "[") and src.kind[at + 1] == "string" and is_mark(src, at + 3, "=") then
      fields[src.text[at + 1]] = { at + 4, field[2] }
    else
      whole = false
    end
  end
  return fields, whole
end

local words = { ["true"] = true, ["false"] = false }

-- Returns the value of an argument that is one literal: text without escapes, a number, true or false; else nil.
function source.value(src, arg)
  local kind, text = src.kind[arg[1]], src.text[arg[1]]
  if arg[1] ~= arg[2] then return nil end
  if kind == "string" and not text:find("\\", 1, true) then return text end
  if kind == "number" then return tonumber(text) end
  if kind == "name" then return words[text] end
  return nil
end

-- Returns the line of the first use of a name, or nil.
function source.line_of(src, name)
  for i = 1, #src.kind do
    if is_name(src, i, name) then return src.line[i] end
  end
end

local keywords = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat
  return then true until while]]):gmatch("%a+") do keywords[word] = true end

-- Adds "NAME, NAME <const>, …" from I on to NAMES. Returns the token after them.
local function name_list(src, i, names)
  while src.kind[i] == "name" do
    names[src.text[i]] = true
    i = i + 1
    if is_mark(src, i, "<") then i = i + 3 end
    if not is_mark(src, i, ",") then return i end
    i = i + 1
  end
  return i
end

-- Returns every name that is local anywhere in the text.
local function locals(src)
  local names = { _ENV = true }
  for i = 1, #src.kind do
    if is_name(src, i, "local") and is_name(src, i + 1, "function") then
      name_list(src, i + 2, names)
    elseif is_name(src, i, "local") or is_name(src, i, "for") then
      name_list(src, i + 1, names)
    elseif is_name(src, i, "function") then
      local at = i + 1
      while at <= #src.kind and not is_mark(src, at, "(") do
        if is_mark(src, at, ":") then names.self = true end
        at = at + 1
      end
      name_list(src, at + 1, names)
    end
  end
  return names
end

-- local x <const> = 1
local function is_attribute(src, i)
  return (is_name(src, i, "const") or is_name(src, i, "close")) and is_mark(src, i - 1, "<")
    and is_mark(src, i + 1, ">")
end

-- Returns the global names: {name =, line =, set = whether it is assigned}. A name that is local anywhere in the text
-- counts as local everywhere: the result has no wrong names, but may be incomplete.
function source.globals(src)
  local known, found, inside = locals(src), {}, {}
  for i = 1, #src.kind do
    local kind, text = src.kind[i], src.text[i]
    local field = is_mark(src, i - 1, ":") or is_mark(src, i - 1, ".") and not is_mark(src, i - 2, ".")
    if text == "_ENV" and kind == "name" then return {} end
    if kind == "name" and not keywords[text] and not field and not known[text]
      and not is_name(src, i - 1, "goto") and not is_attribute(src, i) then
      local set = is_mark(src, i + 1, "=")
      if not (set and inside[#inside] == "{") then
        set = set or is_name(src, i - 1, "function") and is_mark(src, i + 1, "(")
        found[#found + 1] = { name = text, line = src.line[i], set = set }
      end
    end
    local change = nesting(src, i)
    if change > 0 then inside[#inside + 1] = text end
    if change < 0 then inside[#inside] = nil end
  end
  return found
end

return source
