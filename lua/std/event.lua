-- event: brings what an app delivered into the one shape that recipes see, and completes it.
local std = ...

local event = {}

event.NEITHER = "the event is neither {type, payload = {…}}, as an application webhook delivers it, "
  .. "nor the bare event of a rule"

local function is_object(value)
  return type(value) == "table" and not json.is_array(value)
end

-- Returns the value at a dotted path.
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

-- Moves the keys of payload.SIDE into its `data`, where the full form of an event has them. A preview has them next to
-- `_meta`.
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

-- Whether VALUE is an object of the kind that PATH names, going by the prefix of its id. True for a path that names
-- none of the connector's kinds.
local function is_kind(connector, path, value)
  if not is_object(value) then return false end
  local id = (connector.ids or {})[path:match("[^.]+$")]
  if not id then return true end
  return type(value.id) == "string" and value.id:sub(1, #id.prefix) == id.prefix
end

-- Copies objects to where recipes expect them, in an event that another server posted: the connector's events.plain
-- says where it may have them.
local function fill_plain(envelope, connector)
  local plain = (connector.events or {}).plain or {}
  for path, places in pairs(plain[envelope.type] or plain[envelope.payload.type] or {}) do
    for _, place in ipairs(not is_object(event.at(envelope, path)) and places or {}) do
      local value = event.at(envelope, place)
      if is_kind(connector, path, value) then
        local copy = {} -- a copy, as the object may contain the place where it is put
        for key, inner in pairs(value) do copy[key] = inner end
        put(envelope, path, copy)
        break
      end
    end
  end
end

local function text_of(value)
  return type(value) == "string" and value ~= "" and value or nil
end

-- Returns the actor that OBJECT describes: a teammate, a rule, a recipient.
local function doer(kind, object)
  object = is_object(object) and object or {}
  local whole = (text_of(object.first_name) or "") .. " " .. (text_of(object.last_name) or "")
  return {
    kind = kind, id = text_of(object.id),
    name = text_of(object.name) or text_of(whole:match("^%s*(.-)%s*$")) or text_of(object.username)
      or text_of(object.email) or text_of(object.handle),
  }
end

-- Returns the actor that sent a message: the one of its RECIPIENTS that has the sender's role.
local function sender(recipients, how)
  for _, recipient in ipairs(type(recipients) == "table" and recipients or {}) do
    if is_object(recipient) and recipient.role == how.role then
      local out, link = doer("contact", recipient), event.at(recipient, how.contact)
      out.id = text_of(link) and link:match("[^/]+$")
      return out
    end
  end
  return { kind = "contact" }
end

-- Returns who or what caused the event: {kind, id?, name?}. The connector's events.actor says where that stands.
local function actor_of(envelope, connector)
  local how = (connector.events or {}).actor
  if not how then return { kind = "unknown" } end
  local source, author = event.at(envelope, how.source), event.at(envelope, how.author)
  local of = is_object(source) and is_object(source._meta) and source._meta.type
  local kind = how.kinds[of]
  if kind then
    local object = is_object(source.data) and source.data or {}
    -- what acts in a teammate's place says so in its type
    if kind == "teammate" and text_of(object.type) then kind = how.kinds[object.type] or "application" end
    return doer(kind, object)
  end
  local inbound = event.at(envelope, how.inbound)
  if inbound == true then return sender(event.at(envelope, how.recipients), how) end
  if is_object(author) then
    return doer(not text_of(author.type) and "teammate" or how.kinds[author.type] or "application", author)
  end
  if inbound == false then return { kind = "application" } end -- sent without an author
  for _, name in ipairs(how.received) do
    if envelope.type == name or envelope.payload.type == name then return { kind = "contact" } end
  end
  return { kind = "unknown" }
end

-- Returns {type, authorization?, payload, actor}, made of BODY, which it changes; nil when BODY is not an event. A
-- rule's bare event is recognized by emitted_at or by a conversation or contact at its top level.
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
  envelope.actor = actor_of(envelope, connector)
  return envelope
end

local stub_keys = { id = true, _links = true, type = true, _meta = true }

-- Whether VALUE is a preview.
local function is_stub(value)
  for key in pairs(value) do
    if not stub_keys[key] then return false end
  end
  return true
end

-- Returns the address of OBJECT: by its id if the connector knows the kind, else its own link; nil when it has none.
local function address(object, connector)
  local get = (connector.events or {}).get or {}
  local id, links = object.id, object._links
  local prefix = type(id) == "string" and id:match("^%a+_") or nil
  if prefix and get[prefix] then return get[prefix] .. url.segment(id) end
  local own = type(links) == "table" and links.self
  return type(own) == "string" and own ~= "" and own or nil
end

-- Returns what of NEEDS is missing: a list of {path, from = path of the object to fetch, address}; nil and the path
-- when it cannot be fetched.
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

-- Fetches what event.missing listed, in the open scope. Returns from -> object. Raises the app's error; GONE (or nil)
-- keeps it by address, so that a missing object is requested once.
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

-- Puts what was fetched into ENVELOPE, and looks for the actor again.
function event.complete(envelope, fetched, connector)
  event.put(envelope, fetched)
  envelope.actor = actor_of(envelope, connector)
end

return event
