-- Parses a request: path segments, query, bearer token, body as JSON or form.
local mock = ...
local answers = mock.part("engine/answers")
local html = mock.part("engine/html")
local multipart = mock.part("engine/multipart")

local requests = {}

local function decode(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- "/a/b%2Fc" -> {"a", "b/c"}: one segment stays one.
local function parse_path(path)
  local segments = {}
  for part in path:gmatch("/([^/]*)") do segments[#segments + 1] = decode(part) end
  return segments
end

-- limit=5&q[statuses][]=a&q[statuses]=b -> {limit = "5", q = {statuses = {"a", "b"}}}
local function parse_query(raw)
  local query = { q = {} }
  for pair in raw:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    name, value = decode(name), decode((value:gsub("%+", " ")))
    local key = name:match("^q%[([%w_]+)%]")
    if key then
      query.q[key] = query.q[key] or {}
      table.insert(query.q[key], value)
    elseif name == "q" then
      query.flat_q = value
    else
      query[name] = value
    end
  end
  return query
end

-- a=1&b=x+y -> {a = "1", b = "x y"}
function requests.parse_form(raw)
  local form = {}
  for pair in raw:gmatch("[^&]+") do
    local name, value = pair:gsub("%+", " "):match("^([^=]*)=?(.*)$")
    form[decode(name)] = html.clean(decode(value))
  end
  return form
end

local BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- Returns nil when TEXT is not base64.
function requests.decode_base64(text)
  local out, bits, n = {}, 0, 0
  for char in text:gsub("=+$", ""):gmatch(".") do
    local at = BASE64:find(char, 1, true)
    if not at then return nil end
    bits, n = (bits << 6 | at - 1) & 0xffffff, n + 6
    if n >= 8 then
      n = n - 8
      out[#out + 1] = string.char(bits >> n & 255)
    end
  end
  return table.concat(out)
end

-- Fills request.json (or request.fields and request.files, or request.form); returns an answer when BODY is bad.
local function parse_body(request)
  local kind = (request.headers["content-type"] or ""):lower()
  if request.body == "" then return nil end
  if kind:find("^multipart/form%-data") then
    request.fields, request.files, request.bytes = multipart.parse(request.body, request.headers["content-type"])
    if not request.fields then return answers.error(400, "Malformed multipart body") end
    return nil
  end
  if kind:find("^application/x%-www%-form%-urlencoded") then request.form = requests.parse_form(request.body) end
  -- The controls read JSON of any content type: curl -d sends it as a form.
  if not kind:find("json", 1, true) and not request.path:find("^/_mock") then return nil end
  local ok, value = pcall(json.decode, request.body)
  if not ok then
    -- Front's error for malformed JSON has neither status nor title.
    local body = { _error = { message = "Unexpected token in JSON at position " .. #request.body } }
    return { status = 400, body = body }
  end
  request.json = value
  return nil
end

function requests.parse(request)
  request.body = request.body or ""
  request.segments = parse_path(request.path)
  request.params = parse_query(request.query or "")
  local authorization = request.headers.authorization or ""
  request.token = authorization:match("^[Bb]earer%s+(%S+)$")
  local basic = authorization:match("^[Bb]asic%s+(%S+)$")
  request.basic = basic and (requests.decode_base64(basic) or "")
  request.bad_body = parse_body(request)
end

return requests
