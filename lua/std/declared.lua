-- declared: sends what an action's `request` says: the fields of its input go into the path, the query, the headers and
-- the body. declared_check.lua checks such an action.
local std = ...

local declared = {}

local DEPTH_MAX = 64 -- of a body's JSON

local in_query = { GET = true, HEAD = true }

-- Whether the action gets a list one page at a time: its input then has the field `next`.
function declared.is_paged(action)
  local output, request = action.output, action.request
  return type(request) == "table" and request[1] == "GET" and type(output) == "table" and output.results ~= nil
    and output.next ~= nil
end

local next_field = {
  "string", min = 1, example = "https://api.example/things?page_token=e0b5767c",
  about = "`next` of the page before. It contains that page's filters and limit, so no other field goes with it (a "
    .. "limit is ignored).",
}

-- The name of the field that says that the merged field is sent as it is given; nil for an action that merges nothing.
function declared.replaces(action)
  local merge = action.merge
  return type(merge) == "table" and type(merge.field) == "string" and "replace_" .. merge.field or nil
end

local function replace_field(field)
  return {
    "boolean", example = true,
    about = ("Send %s as given: the API erases what it leaves out. Otherwise what is there is read first, and stays "
      .. "unless %s has another value, or null, which removes it."):format(field, field),
  }
end

-- Returns whether a field is about the call and has no place in the request.
function declared.is_apart(action, name)
  return name == "next" and declared.is_paged(action) or name == declared.replaces(action)
end

-- Returns path -> true for the names in a request's path: {"conversation_id"}.
function declared.placeholders(path)
  local found = {}
  for name in path:gmatch("{([^{}]*)}") do found[name] = true end
  return found
end

-- Returns where a field goes, "path", "query", "header" or "body", and its name there.
function declared.place(action, name, field, names)
  local at, as = field.at, field.as or name
  if not at then
    at = names[as] and "path" or in_query[action.request[1]] and "query" or "body"
  end
  return at, as
end

-- ---- values as text ----

-- APIs take Unix seconds with at most three decimals.
local function seconds(time)
  return math.tointeger(time) or string.format("%.3f", time)
end

local function type_of(field)
  if field.list then return type(field.list) == "table" and field.list[1] or field.list end
  return field[1]
end

-- Returns a field's value as a query has it.
local function plain(field, value)
  if type_of(field) ~= "time" then return value end
  if type(value) == "number" then return seconds(value) end
  if type(value) ~= "table" then return value end
  local out = json.array({})
  for i, item in ipairs(value) do out[i] = type(item) == "number" and seconds(item) or item end
  return out
end

-- A number as an API reads it: 100 / 2 is 50.0 in Lua.
local function word(value)
  if type(value) == "number" then value = math.tointeger(value) or value end
  return tostring(value)
end

-- Returns the value of a field as a header has it. A list has commas between its items.
local function line(field, value)
  value = plain(field, value)
  local parts = {}
  for i, item in ipairs(type(value) == "table" and value or { value }) do parts[i] = word(item) end
  return table.concat(parts, ",")
end

-- Returns VALUE as one segment of the path. A list has commas between its items.
local function segment(name, field, value)
  value = plain(field, value)
  local parts = {}
  for i, item in ipairs(type(value) == "table" and value or { value }) do parts[i] = url.segment(word(item)) end
  local whole = table.concat(parts, ",")
  if whole == "" or whole == "." or whole == ".." then
    std.fail("invalid", ("input.%s: \"%s\" cannot stand in a path"):format(name, whole))
  end
  return whole
end

-- ---- the request ----

-- Sets the value at the dotted path NAME below T.
local function put(t, name, value)
  local from = 1
  while true do
    local dot = name:find(".", from, true)
    if not dot then break end
    local key = name:sub(from, dot - 1)
    if type(t[key]) ~= "table" then t[key] = {} end
    t, from = t[key], dot + 1
  end
  t[name:sub(from)] = value
end

-- A table that holds itself is refused when the body is written.
local function has_file(value, depth)
  if std.is_file(value) then return true end
  if type(value) ~= "table" or depth == 0 then return false end
  for _, item in pairs(value) do
    if has_file(item, depth - 1) then return true end
  end
  return false
end

-- Whether the request has a body although no field of it is given.
local function has_body(action, names)
  local method = action.request[1]
  if action.body == "none" or in_query[method] then return false end
  if method ~= "DELETE" then return true end
  for name, field in pairs(action.input) do
    if declared.place(action, name, field, names) == "body" then return true end
  end
  return false
end

local function fail(name, sentence)
  std.fail("invalid", ("%s: %s"):format(name, sentence))
end

-- Returns the path with the fields in it.
local function fill(path, given)
  return (path:gsub("{([^{}]*)}", function(name)
    local value = given[name]
    if not value then fail("input", ("\"%s\" is missing, which stands in %s"):format(name, path)) end
    return value
  end))
end

-- Returns what is read before the write, and where the object is that it is merged with; nil: nothing.
local function merged(action, input, segments, names)
  local merge = action.merge
  if not merge or type(input[merge.field]) ~= "table" or input[declared.replaces(action)] == true then return nil end
  local _, at = declared.place(action, merge.field, action.input[merge.field], names)
  return { from = fill(merge.from:match("^GET (.*)$"), segments), at = at }
end

-- Returns the request that ACTION sends for INPUT, as std.send takes it.
function declared.request(action, input)
  local method, path = action.request[1], action.request[2]
  local names = declared.placeholders(path)
  local segments, query, headers, body = {}, {}, {}, {}
  for name, value in pairs(input) do
    local field = action.input[name]
    if declared.is_apart(action, name) then goto continue end
    if not field then fail("input", std.part("errors").unknown_key(name, action.input)) end
    local at, as = declared.place(action, name, field, names)
    if at == "path" then
      segments[as] = segment(name, field, value)
    elseif at == "query" then
      query[as] = plain(field, value)
    elseif at == "header" then
      headers[as] = std.is_secret(value) and value or line(field, value)
    elseif as == "*" then
      body = value
    else
      put(body, as, value)
    end
    ::continue::
  end
  local request = { method = method, url = fill(path, segments) }
  if next(query) ~= nil then request.query = query end
  if next(headers) ~= nil then request.headers = headers end
  if method == "POST" and action.effect == "read" then request.reads = true end
  if action.answer == "file" then request.file = true end
  if action.answer == "text" then request.raw = true end
  if has_body(action, names) then
    request.body = body
    request.multipart = has_file(body, DEPTH_MAX) or nil
    request.merge = merged(action, input, segments, names)
  end
  return request
end

-- Returns the function send(ctx, input) of ACTION.
local function sender(action)
  return function(_, input)
    if type(input) ~= "table" then
      std.fail("script", "send(ctx, input): the input is a " .. type(input) .. ", not a table")
    end
    if declared.fields(action, input) ~= action.input then -- the next page
      return std.send({ method = "GET", url = input.next })
    end
    return std.send(declared.request(action, input))
  end
end

-- Completes the definition of a declared action, once: `run` takes ctx and input, and `input` has `next` for a list.
function declared.complete(action)
  local own, send = action.run, sender(action)
  action.run = own and function(ctx, input) return own(ctx, input, send) end or send
  action.input = action.input or {}
  if declared.is_paged(action) then action.input.next = action.input.next or next_field end
  local replaces = declared.replaces(action)
  if replaces then action.input[replaces] = action.input[replaces] or replace_field(action.merge.field) end
end

-- Returns the fields against which INPUT is checked. With `next` the others do not count: the page before had them.
function declared.fields(action, input)
  local fields = action.input
  if type(input) ~= "table" or input.next == nil or input.next == json.null or not declared.is_paged(action) then
    return fields
  end
  for name in pairs(input) do
    -- A recipe may set a limit; the API's URL has the one that counts.
    if name ~= "next" and name ~= "limit" and fields[name] then
      fail("input", name .. " does not go with next, which contains the filters of the page before")
    end
  end
  return { next = fields.next, limit = fields.limit }
end

return declared
