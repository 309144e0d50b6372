-- mismatch: sentences about values that do not fit their fields.
local std = ...

local mismatch = {}

-- "integer", "list of tag", "one of assigned, unassigned": for people
function mismatch.describe(field)
  if field.enum then
    local words = {}
    for i, word in ipairs(field.enum) do words[i] = tostring(word) end
    return "one of " .. table.concat(words, ", ")
  end
  if field.list then
    local item = field.list
    return "list of " .. (type(item) == "string" and item or mismatch.describe(item))
  end
  if field.object then return "object" end
  return field[1]
end

function mismatch.show(value)
  if type(value) == "string" then return "\"" .. text.truncate(value, 60) .. "\"" end
  if type(value) == "table" then return "a table" end
  return tostring(value)
end

local function article(word)
  return (word:match("^[aeiou]") and "an " or "a ") .. word
end

-- VALUE is no id of type WORD, and no name among NAMED (name -> id); IDS are all id types.
function mismatch.id(value, word, ids, named)
  local id, shown = ids[word], mismatch.show(value)
  for other, kind in pairs(ids) do
    if kind.app == id.app and value:sub(1, #kind.prefix) == kind.prefix then
      return ("%s is %s id; %s id starts with \"%s\""):format(shown, article(other),
        article(word), id.prefix)
    end
  end
  if not id.names then
    return ("%s is no %s id: it starts with \"%s\""):format(shown, word, id.prefix)
  end
  local names = {}
  for name in pairs(named) do names[#names + 1] = name end
  local near = std.nearest(value, names)
  return ("%s is no %s: neither an id (\"%s…\")%s nor a name in `%s.%s` of client.lua%s")
    :format(shown, word, id.prefix, id.alias and ", an alias (\"alt:…\")" or "", id.app, id.names,
      near and "; did you mean \"" .. near .. "\"?" or "")
end

-- KEY is not among FIELDS.
function mismatch.key(key, fields)
  local names = {}
  for name in pairs(fields) do names[#names + 1] = name end
  local near = type(key) == "string" and std.nearest(key, names)
  return ("unknown key \"%s\"%s"):format(tostring(key), near
    and "; did you mean \"" .. near .. "\"?"
    or #names > 0 and "; it takes " .. table.concat(names, ", ") or "; it takes none")
end

return mismatch
