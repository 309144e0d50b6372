-- cli_args: turns the arguments key=value of the command line into values of the fields' types.
local std = ...

local truth = { ["true"] = true, yes = true, on = true, ["false"] = false, no = false, off = false }

local function from_word(field, word)
  if field == nil then return word end
  if field.enum then
    for _, v in ipairs(field.enum) do
      if tostring(v) == word then return v end
    end
    return word
  end
  if field.object or field[1] == "object" then
    local ok, decoded = pcall(json.decode, word)
    return ok and type(decoded) == "table" and decoded or word
  end
  local kind = field[1]
  if kind == "integer" then return math.tointeger(tonumber(word)) or word end
  if kind == "number" then return tonumber(word) or word end
  -- 20260101 is meant as a date, not as Unix seconds of 1970
  if kind == "time" then return word:find "^%d%d%d%d%d%d%d%d%d%d?%d?%.?%d*$" and tonumber(word) or word end
  if kind == "boolean" and truth[word] ~= nil then return truth[word] end
  return word
end

local function refuse(word, sentence)
  std.fail("usage", ("cannot read %s%s…: %s"):format(word.key, word.op, sentence))
end

-- Splits "a.b.c". A name that contains dots can be given as JSON only.
local function split(word)
  local parts = {}
  for part in (word.key .. "."):gmatch("([^.]*)%.") do parts[#parts + 1] = part end
  if not word.key:find("[^.]") then refuse(word, "it names no field") end
  for _, part in ipairs(parts) do
    local object, name = word.key:match("^([^.]+)%.(.*)$")
    if part == "" then
      refuse(word, "a part of the name is empty" .. (object and ("; if a name holds dots, give "
        .. "the object as JSON: %s:='{\"%s\": …}'"):format(object, name) or ""))
    end
  end
  return parts
end

local function item_of(list)
  return type(list) == "string" and { list } or list
end

-- Returns the field at KEY of FIELD; nil when it is unknown.
local function field_below(field, key)
  if field and field.list then return item_of(field.list) end
  return field and field.object and field.object[key]
end

-- Returns the key that PART names in the table AT, which is at PATH: in a list, the number of an item or of the
-- next one.
local function key_in(at, part, path, word)
  if not json.is_array(at) then return part end
  local n = part:find("^[1-9]%d*$") and math.tointeger(tonumber(part))
  if not n then
    refuse(word, ("%s is a list: give an item's number, as in %s.1"):format(path, path))
  elseif n > #at + 1 then
    refuse(word, ("%s has %d so far, so the next is %s.%d"):format(path, #at, path, #at + 1))
  end
  return n
end

-- Returns the table AT[key], and creates it when it is missing.
local function enter(at, key, field, path, word)
  local value = at[key]
  if value == nil or value == json.null then
    value = field and field.list and json.array({}) or {}
    at[key] = value
  elseif type(value) ~= "table" then
    refuse(word, path .. " has a value, so it cannot have names; give one of the two")
  end
  return value
end

local function value_of(field, word)
  if word.op == ":=" then
    local ok, decoded = pcall(json.decode, word.value)
    if not ok then refuse(word, tostring(decoded)) end
    return decoded
  end
  local item = field and field.list and item_of(field.list) or field
  if word.op == "=@" and not (item and item[1] == "file") then return std.slurp(word.value) end
  return from_word(item, word.value)
end

-- Sets in INPUT the value of WORD. GIVEN: the paths that came from words; true for a value, "part" for a table
-- above one.
local function put(input, fields, word, given)
  local at, field, path, ours = input, { object = fields }, nil, false
  local parts = split(word)
  for i, part in ipairs(parts) do
    local key = key_in(at, part, path, word)
    field = field_below(field, key)
    path = path and path .. "." .. part or part
    ours = ours or given[path] == true
    if i < #parts then
      at = enter(at, key, field, path, word)
      given[path] = given[path] or "part"
    else
      local value = value_of(field, word)
      if at[key] ~= nil and (ours or given[path]) then
        if not json.is_array(at[key]) then at[key] = json.array({ at[key] }) end
        table.insert(at[key], value)
      elseif word.op ~= ":=" and field and field.list then
        at[key] = json.array({ value })
      else
        at[key] = value
      end
      given[path] = true
    end
  end
end

-- WORDS is a list of {key, op, value}; op is "=" (typed by the field), ":=" (JSON) or "=@"
-- (a file's text; for a field of type file its path). A repeated key makes a list; a.b nests, and a.1 is
-- a list's first item. Changes and returns INPUT: a key replaces the value that is there, a.b adds to it.
return function(fields, words, input)
  local given = {}
  for _, word in ipairs(words) do put(input, fields, word, given) end
  return input
end
