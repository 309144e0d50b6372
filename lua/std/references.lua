-- references: finds in a script's text the actions, templates and hosts that it names, and what it passes to templates;
-- reports those that do not exist for the run's client. For foyer check.
local std = ...
local script, source = std.part("script"), std.part("source")
local template = std.part("template")

local references = {}

local verbs = { "get", "post", "put", "patch", "delete", "head", "page", "request" }

-- Returns the sentence for a NAME that does not exist.
function references.unknown(kind, name, names)
  local near = std.nearest(name, names)
  return ("unknown %s \"%s\"; %s"):format(kind, name, near and "did you mean \"" .. near .. "\"?"
    or "`foyer " .. kind .. "s` lists what there is")
end

-- True also for a file that cannot be read: its reader reports the error.
function references.exists(kind, name)
  local file = script.file(kind, name)
  if not file then return false end
  local ok, text = pcall(std.read, file)
  return not ok or text ~= nil
end

-- Returns the path of the template NAME, or nil and a sentence.
function references.template(name)
  local ok, found, info = pcall(template.find, name)
  if not ok then return nil, tostring(found) end
  if found then return info.path end
  local near = std.nearest(name, template.names())
  return nil, ("unknown template \"%s\"; %s"):format(name, near and "did you mean \"" .. near
    .. "\"?" or "make it as templates/" .. name .. ".txt, .html or .md")
end

local function is_id(field)
  return type(field[1]) == "string" and std.part("values").is_id(field[1])
end

-- Adds to ASKS the question whether LITERAL fits FIELD, unless it fits for every client. It may be a name that is an id
-- in the settings of some clients only.
local function ask_value(asks, field, key, literal, name, line)
  local fields, value = { [key] = field }, { [key] = literal }
  local values = std.part("values")
  if pcall(values.apply, fields, value, name) then return end
  asks[#asks + 1] = function(client, add)
    if not client and is_id(field) then return end
    local good, raised = pcall(values.apply, fields, value, name, client)
    if not good and type(raised) == "table" and raised.kind == "invalid" then add(line, raised.message) end
  end
end

-- Checks the table constructor that a call passes to the action NAME against its `input`.
local function check_input(src, name, call, asks, add)
  local given, whole = source.fields(src, call.args[2])
  local ok, action = pcall(script.load, script.file("action", name), 1)
  local input = ok and type(action) == "table" and (action.input or {})
  if not given or type(input) ~= "table" then return end
  local names = {}
  for key, field in pairs(input) do
    if type(field) ~= "table" then return end -- a mistake in the action, reported there
    names[#names + 1] = key
    if whole and field.required and field.default == nil and not given[key] then
      add(call.line, ("%s: \"%s\" is missing (%s)"):format(name, key, std.part("errors").field_type(field)))
    end
  end
  for key, value in pairs(given) do
    local field, line, literal = input[key], src.line[value[1]], source.value(src, value)
    if not field then
      local near = std.nearest(key, names)
      add(line, ("%s: unknown key \"%s\"; %s"):format(name, key, near and "did you mean \"" .. near
        .. "\"?" or #names > 0 and "it takes " .. table.concat(names, ", ") or "it takes none"))
    elseif literal ~= nil then
      ask_value(asks, field, key, literal, name, line)
    end
  end
end

local function check_actions(src, found, asks, add)
  for _, callee in ipairs({ "ctx.call", "ctx.each" }) do
    for _, call in ipairs(source.calls(src, callee)) do
      local name, line = source.literal(src, call.args[1])
      if name then
        found.calls[#found.calls + 1] = name
        if references.exists("action", name) then
          check_input(src, name, call, asks, add)
        else
          add(line, references.unknown("action", name, script.names("action")))
        end
      end
    end
  end
end

local function check_templates(src, found, add)
  for _, call in ipairs(source.calls(src, "ctx.template")) do
    local name, line = source.literal(src, call.args[1])
    local path, sentence
    if name then
      path, sentence = references.template(name)
      if path then
        found.templates[#found.templates + 1] = path
      else
        add(line, sentence)
      end
    end
    local fields = source.fields(src, call.args[2])
    if fields then
      for field in pairs(fields) do found.roots[#found.roots + 1] = field end
    elseif call.args[2] then -- data from elsewhere may have any name
      found.open[#found.open + 1] = path or "*"
    end
  end
end

-- Returns the literal address in a call of ctx.http.VERB, its line, and the app whose connection the call names.
local function target(src, call, verb)
  local address, options = call.args[1], call.args[#call.args]
  local fields = source.fields(src, options)
  if verb == "request" then
    address = fields and fields.url
  end
  local app = fields and source.literal(src, fields.connection)
  local literal, line, whole = source.literal(src, address, true)
  if not literal or not literal:find("^https?://") then return nil end
  -- in an address that is concatenated, the host's name may continue
  if not whole and not literal:find("^https?://[^/]+/") then return nil end
  return literal, line, app
end

-- Returns the app whose connection covers ADDRESS, or nil.
local function app_of(address)
  for _, app in ipairs(script.apps()) do
    local api = std.connector(app).api
    if type(api) == "table" and select(2, std.host(address, api.hosts or {})) then return app end
  end
end

local function forbidden(address, host, app)
  if address:find("^http://[^/:]*/") or address:find("^http://[^/:]*$") then
    return ("forbidden address \"%s\": only https is allowed here"):format(address)
  end
  local other = not app and app_of(address)
  if other then
    return ("forbidden host \"%s\": it is the app %s's: add connection = \"%s\" to the call's "
      .. "options"):format(host, other, other)
  end
  return ("forbidden host \"%s\": it is %s in `hosts` of client.lua; name it there if scripts may "
    .. "reach it"):format(host, app and "neither the connection's nor" or "not")
end

-- Adds to ASKS the question whether a client's `hosts` has the host of ADDRESS, unless the connector of OF has it.
local function ask_host(asks, address, line, of)
  local ok, connector = pcall(std.connector, of or "")
  local hosts = ok and type(connector.api) == "table" and connector.api.hosts or {}
  local good, host, covered = pcall(std.host, address, hosts)
  if covered then return end
  local sentence = not good and tostring(host) or forbidden(address, host, of)
  asks[#asks + 1] = function(client, add)
    if not client then return end
    local own = type(client.hosts) == "table" and client.hosts or {}
    if not good or not select(2, std.host(address, own)) then add(line, sentence) end
  end
end

local function check_hosts(src, app, asks)
  for _, verb in ipairs(verbs) do
    for _, call in ipairs(source.calls(src, "ctx.http." .. verb)) do
      local address, line, named = target(src, call, verb)
      if address then ask_host(asks, address, line, named or app) end
    end
  end
end

-- Reports unknown globals with the sentences of a run, for all branches.
local function check_globals(src, add)
  for _, use in ipairs(source.globals(src)) do
    local ok, raised = pcall(function() return _ENV[use.name] end) -- luacheck: ignore 113
    if use.set then
      add(use.line, ("cannot set the global \"%s\": write \"local %s\""):format(use.name, use.name))
    elseif not ok and use.name ~= "super" then
      add(use.line, (tostring(raised):gsub("^.-:%d+: ", "")))
    end
  end
end

-- Returns {calls, templates (paths), roots, open (paths, or "*")} of the text of ENTRY, and the checks that depend on a
-- client: a list of functions(settings, add); settings are nil when they are unknown. Calls ADD(line, sentence) for
-- each name that does not exist.
function references.read(text, entry, add)
  local src, asks = source.read(text), {}
  local found = {
    calls = json.array({}), templates = json.array({}), roots = json.array({}), open = json.array({}),
  }
  check_globals(src, add)
  check_actions(src, found, asks, add)
  check_templates(src, found, add)
  check_hosts(src, entry.file:match("^lua/([^/]+)/"), asks)
  return found, asks
end

return references
