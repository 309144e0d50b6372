-- errors: what a script raised, as plain data and as sentences; what is wrong with a value or a file.
local std = ...

local errors = {}

-- ---- what a running script raised ----

local function plain(value)
  return type(value) == "string" or type(value) == "number" or type(value) == "boolean"
end

-- MESSAGE as valid UTF-8, cut to what the C side's error holds.
local function sentence(message)
  if #message > 1000 then
    message = message:sub(1, 1000):gsub("[\xc0-\xff]?[\x80-\xbf]*$", "")
  end
  if not utf8.len(message) then message = message:gsub("[\x80-\xff]", "?") end
  return message
end

-- Returns RAISED as plain data {kind, message, …} that can be recorded and raised again. NAME is the
-- script's. Runs no metamethod of what was raised: a script may have made it to deceive.
function errors.describe(raised, name)
  -- Lua's own text: Lua allocates it at its start, for when no other can be made.
  if raised == "not enough memory" then
    return { kind = "limit", message = ("cannot go on: %s needs more than the %d MiB of memory "
      .. "that a run may have"):format(name, std.limits.vm_bytes >> 20) }
  end
  if type(raised) == "string" then return { kind = "script", message = sentence(raised) } end
  if type(raised) ~= "table" then
    return { kind = "script", message = ("%s raised a %s instead of a text or {kind =, message =}")
      :format(name, type(raised)) }
  end
  local out = { kind = rawget(raised, "kind"), message = rawget(raised, "message") }
  if type(out.kind) ~= "string" then out.kind = "script" end
  out.message = type(out.message) == "string" and sentence(out.message)
    or "an error table without a message"
  for _, key in ipairs({ "status", "title", "retry_after" }) do
    local value = rawget(raised, key)
    if type(value) == "number" and value - value == 0 then out[key] = value end -- finite
    if type(value) == "string" then out[key] = sentence(value) end
  end
  local details = rawget(raised, "details")
  if type(details) == "table" then
    out.details = json.array({})
    for i = 1, math.min(rawlen(details), 100) do
      local text = rawget(details, i)
      out.details[i] = plain(text) and sentence(tostring(text)) or type(text)
    end
  end
  return out
end

-- ---- what is wrong with a value ----

-- Returns the type of a FIELD in words: "integer", "list of tag", "one of assigned, unassigned".
function errors.field_type(field)
  if field.enum then
    local words = {}
    for i, word in ipairs(field.enum) do words[i] = tostring(word) end
    return "one of " .. table.concat(words, ", ")
  end
  if field.list then
    local item = field.list
    return "list of " .. (type(item) == "string" and item or errors.field_type(item))
  end
  if field.object then return "object" end
  return field[1]
end

function errors.show(value)
  if type(value) == "string" then return "\"" .. text.truncate(value, 60) .. "\"" end
  if type(value) == "table" then return "a table" end
  return tostring(value)
end

-- "a tag", "an inbox"
function errors.article(word)
  return (word:match("^[aeiou]") and "an " or "a ") .. word
end

-- Returns how an e-mail address is written where an id is wanted; nothing for another VALUE.
local function address_hint(value)
  return value:find("^[^%s:]+@[^%s:]+$") and "; did you mean \"alt:email:" .. text.truncate(value, 60) .. "\"?" or ""
end

-- Explains that VALUE is not an id of type WORD and none of the names in NAMED (name -> id).
-- TYPES: every id type.
function errors.not_an_id(value, word, types, named)
  local id, shown = types[word], errors.show(value)
  for other, kind in pairs(types) do
    if kind.app == id.app and value:sub(1, #kind.prefix) == kind.prefix then
      return ("%s is %s id; %s id starts with \"%s\""):format(shown, errors.article(other),
        errors.article(word), id.prefix)
    end
  end
  if not id.names then
    return ("%s is not %s id: it starts with \"%s\"%s%s"):format(shown, errors.article(word), id.prefix,
      id.alias and ", or is an alias (\"alt:…\")" or "", id.alias and address_hint(value) or "")
  end
  local names = {}
  for name in pairs(named) do names[#names + 1] = name end
  local near = std.nearest(value, names)
  if value:find(",", 1, true) then
    return ("%s is not %s: a name has no comma; give each of several by itself, as in key=a key=b"):format(shown,
      errors.article(word))
  end
  local hint = near and "; did you mean \"" .. near .. "\"?" or id.alias and address_hint(value) or ""
  if hint == "" and #names == 0 and id.list then hint = "; `foyer ids C --write` takes the names over" end
  return ("%s is not %s: neither an id (\"%s…\")%s nor a name in `%s.%s` of client.lua%s")
    :format(shown, errors.article(word), id.prefix, id.alias and ", an alias (\"alt:…\")" or "", id.app,
      id.names, hint)
end

-- Explains that FIELDS has no KEY.
function errors.unknown_key(key, fields)
  local names = {}
  for name in pairs(fields) do names[#names + 1] = name end
  local near = type(key) == "string" and std.nearest(key, names)
  return ("unknown key \"%s\"%s"):format(tostring(key), near
    and "; did you mean \"" .. near .. "\"?"
    or #names > 0 and "; it takes " .. table.concat(names, ", ") or "; it takes none")
end

-- ---- what is wrong with a whole file ----

-- Fails about the file that INFO (of std.load) describes, at its first line that has the name WORD,
-- else at its `return`.
function errors.raise(info, word, message)
  local source = std.read(info.file, info.index, info.client)
  local line = word and std.part("source").line_of(std.part("source").read(source), word)
  std.fail("script", ("%s:%d: %s"):format(info.path, line or std.line(source, ""), message))
end

-- Fails because `super` is used and no lower layer has the file.
function errors.nothing_below(info)
  local folder, own = info.file:match("^(.*)/([^/]+)$")
  local others = {}
  for _, name in ipairs(std.list(folder, info.client)) do
    if name ~= own and std.read(folder .. "/" .. name, info.index + 1, info.client) then
      others[#others + 1] = name
    end
  end
  local near = std.nearest(own, others)
  errors.raise(info, "super", ("super has nothing to change: no layer below has %s; %s"):format(
    info.file, near and "did you mean to call this file \"" .. near .. "\"?"
      or "return a whole definition, without super"))
end

return errors
