-- words: what the command line says, into values typed by the fields.
local std = ...

local truth = { ["true"] = true, yes = true, on = true, ["false"] = false, no = false, off = false }

local function from_word(field, word)
  if field == nil or field.enum or field.object then
    if field and field.enum then
      for _, v in ipairs(field.enum) do
        if tostring(v) == word then return v end
      end
    end
    return word
  end
  local kind = field[1]
  if kind == "integer" then return math.tointeger(tonumber(word)) or word end
  if kind == "number" then return tonumber(word) or word end
  -- 20260101 is a date without its separators, not a moment of 1970
  if kind == "time" then return word:find "^%d%d%d%d%d%d%d%d%d%d?%d?%.?%d*$" and tonumber(word) or word end
  if kind == "boolean" and truth[word] ~= nil then return truth[word] end
  return word
end

local function descend(fields, name)
  local field = fields and fields[name]
  if field and field.list then
    return field, type(field.list) == "string" and { field.list } or field.list
  end
  return field, field
end

-- WORDS is a list of {key, op, value}; op is "=" (typed by the field), ":=" (JSON) or "=@"
-- (a file's text; for a field of type file its path). A repeated key is a list; a.b nests.
return function(fields, words)
  local input = {}
  for _, word in ipairs(words) do
    local at, within, key = input, fields, nil
    for part in word.key:gmatch("[^.]+") do
      if key then
        local field = within and within[key]
        within = field and field.object or nil
        if type(at[key]) ~= "table" then at[key] = {} end
        at = at[key]
      end
      key = part
    end
    if not key then std.fail("usage", ("cannot read %s: it names no field"):format(word.key)) end
    local field, item = descend(within, key)
    local value
    if word.op == ":=" then
      local ok, decoded = pcall(json.decode, word.value)
      if not ok then
        std.fail("usage", ("cannot read %s:=… : %s"):format(word.key, tostring(decoded)))
      end
      value = decoded
    elseif word.op == "=@" and not (item and item[1] == "file") then
      value = std.slurp(word.value)
    else
      value = from_word(item, word.value)
    end
    if word.op ~= ":=" and field and field.list then
      if at[key] == nil then at[key] = json.array({}) end
      if not json.is_array(at[key]) then at[key] = json.array({ at[key] }) end
      at[key][#at[key] + 1] = value
    elseif at[key] ~= nil then
      if not json.is_array(at[key]) then at[key] = json.array({ at[key] }) end
      at[key][#at[key] + 1] = value
    else
      at[key] = value
    end
  end
  return input
end
