-- event: what an app delivered, in the one shape that recipes see, and complete.
local std = ...

local event = {}

event.NEITHER = "the event is neither {type, payload = {…}}, as an application webhook delivers it, "
  .. "nor the bare event of a rule"

local function is_object(value)
  return type(value) == "table" and not json.is_array(value)
end

-- The value at a dotted path.
function event.at(value, path)
  for part in path:gmatch("[^.]+") do
    if type(value) ~= "table" then return nil end
    value = value[part]
  end
  return value
end

local function put(root, path, value)
  local folder, last = path:match("^(.*)%.([^.]+)$")
  for part in folder:gmatch("[^.]+") do
    if not is_object(root[part]) then root[part] = {} end
    root = root[part]
  end
  root[last] = value
end

-- A preview has the thing's own keys next to _meta, the full form has them in `data` (FACTS 6.5).
local function wrap_side(payload, side)
  local whole = payload[side]
  if type(whole) ~= "table" or whole.data ~= nil then return end
  if json.is_array(whole) then
    payload[side] = { data = whole }
    return
  end
  local data = {}
  for key, value in pairs(whole) do
    if key ~= "_meta" then data[key] = value end
  end
  if next(data) ~= nil then payload[side] = { _meta = whole._meta, data = data } end
end

-- The kind of thing that PATH names, when it is one of the connector's: by its id it is known.
local function is_kind(connector, path, value)
  if not is_object(value) then return false end
  local id = (connector.ids or {})[path:match("[^.]+$")]
  if not id then return true end
  return type(value.id) == "string" and value.id:sub(1, #id.prefix) == id.prefix
end

-- An event that the app itself does not send may hold a thing elsewhere: the connector says where.
local function fill_plain(envelope, connector)
  local plain = (connector.events or {}).plain or {}
  for path, places in pairs(plain[envelope.type] or plain[envelope.payload.type] or {}) do
    for _, place in ipairs(not is_object(event.at(envelope, path)) and places or {}) do
      local value = event.at(envelope, place)
      if is_kind(connector, path, value) then
        local copy = {} -- what is put below itself would have no end
        for key, inner in pairs(value) do copy[key] = inner end
        put(envelope, path, copy)
        break
      end
    end
  end
end

-- {type, authorization?, payload}, made of BODY, which is used up; nil when it is no event. A rule's
-- bare event has emitted_at and conversation at its top.
function event.shape(body, connector)
  if not is_object(body) then return nil end
  local envelope = body
  if not is_object(body.payload) then
    if body.payload ~= nil or not (body.emitted_at or is_object(body.conversation)
      or is_object(body.contact)) then
      return nil
    end
    envelope = { type = body.type, authorization = body.authorization, payload = body }
    body.authorization = nil
  end
  wrap_side(envelope.payload, "source")
  wrap_side(envelope.payload, "target")
  fill_plain(envelope, connector)
  return envelope
end

local stub_keys = { id = true, _links = true, type = true, _meta = true }

-- Whether only a preview is there.
local function is_stub(value)
  for key in pairs(value) do
    if not stub_keys[key] then return false end
  end
  return true
end

-- Where OBJECT is fetched: below the connection's own address where the connector knows its kind.
local function address(object, connector)
  local get = (connector.events or {}).get or {}
  local id, links = object.id, object._links
  local prefix = type(id) == "string" and id:match("^%a+_") or nil
  if prefix and get[prefix] then return get[prefix] .. url.segment(id) end
  local own = type(links) == "table" and links.self
  return type(own) == "string" and own ~= "" and own or nil
end

-- What of NEEDS is not there: a list of {path, from = the object to be fetched, address}; nil and
-- the path when there is nothing to fetch it by.
function event.missing(envelope, needs, connector)
  local list, seen = {}, {}
  for _, path in ipairs(needs or {}) do
    local value = event.at(envelope, path)
    if value == nil or value == json.null or is_object(value) and is_stub(value) then
      local from, found = path, nil
      while not found do
        local object = event.at(envelope, from)
        found = is_object(object) and address(object, connector)
        if not found then
          from = from:match("^(.*)%.")
          if not from or not from:find(".", 1, true) then return nil, path end
        end
      end
      if not seen[from] then list[#list + 1] = { path = path, from = from, address = found } end
      seen[from] = true
    end
  end
  return list
end

-- Fetches what event.missing listed, in the scope that is open: a table from -> object. Raises what
-- the app answered; GONE (may be missing) keeps that, so that nothing is asked for twice in vain.
function event.fetch(list, gone)
  local fetched = {}
  for _, one in ipairs(list) do
    local known = gone and gone[one.address]
    local ok, object = not known, known
    if ok then ok, object = pcall(std.http.get, one.address) end
    if not ok then
      if gone then gone[one.address] = object end
      error(object, 0)
    end
    if not is_object(object) then
      std.fail("invalid", ("cannot complete the event: GET %s answered no object"):format(one.address))
    end
    fetched[one.from] = object
  end
  return fetched
end

function event.put(envelope, fetched)
  for from, object in pairs(fetched) do put(envelope, from, object) end
end

return event
