-- The requests that the companies received, in order, for GET /_mock/log. It has no tokens.
local mock = ...
local answers = mock.part("engine/answers")
local html = mock.part("engine/html")

local log = { entries = {}, dropped = 0 }
local ENTRIES_MAX, BODY_MAX, TOTAL_MAX = 5000, 64 * 1024, 4 * 1024 * 1024
local total = 0 -- bytes of all bodies kept

local SECRETS = { code = true, access_token = true, refresh_token = true, client_secret = true }

-- Identifies a secret without containing it.
function log.hash(secret)
  return hmac.sha256("", secret):sub(1, 12)
end

-- Returns the body of a token request with hashes instead of its secrets; only its size when it cannot be parsed.
local function mask(request)
  local given = request.form or request.json
  if request.body == "" then return "" end
  if type(given) ~= "table" then return ("(%d bytes)"):format(#request.body) end
  local shown = {}
  for name, value in pairs(given) do
    local secret = SECRETS[name] and type(value) == "string"
    shown[name] = secret and "hash:" .. log.hash(value) or type(value) == "table" and "(a table)" or value
  end
  return request.form and answers.as_form({ body = shown }).body or json.encode(shown), shown
end

-- Cuts a long body. Its size and a form's fields remain.
local function keep_body(entry, body)
  if #body > BODY_MAX then
    entry.body_bytes = #body
    entry.json = nil
    body = body:sub(1, BODY_MAX)
  end
  entry.body = html.clean(body)
  total = total + #body
end

-- Drops the older half when there is too much.
local function make_room()
  if #log.entries <= ENTRIES_MAX and total <= TOTAL_MAX then return end
  local from = #log.entries // 2 + 1
  log.dropped = log.dropped + from - 1
  log.entries = table.move(log.entries, from, #log.entries, 1, {})
  total = 0
  for _, entry in ipairs(log.entries) do total = total + #entry.body end
end

-- AUTHORIZATION: what to show instead of that header.
function log.add(request, authorization)
  local entry = {
    method = request.method, path = html.clean(request.path), query = html.clean(request.query),
    headers = {}, json = request.json, fields = request.fields,
  }
  for name, value in pairs(request.headers) do entry.headers[name] = html.clean(value) end
  entry.headers.authorization = authorization
  local body = request.body
  if request.segments[1] == "oauth" then body, entry.json = mask(request) end
  keep_body(entry, body)
  table.insert(log.entries, entry)
  make_room()
  return entry
end

function log.clear()
  log.entries, log.dropped, total = {}, 0, 0
end

return log
